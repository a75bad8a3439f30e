/* first_writes.c - which words of a program's data it writes to, in the order of the first writes: an LD_PRELOAD library.
 *
 * OX_FROM and OX_TO are the addresses of the data in hexadecimal, OX_OUT is the file of the result: one address of a
 * word in hexadecimal per line. The pages of the data are made read-only; a write to them traps, is noted, and is done
 * again as a single step with the page writable. For x86-64 and one thread. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, WORD = 8, STEP = 0x100 /* the processor's flag for it */ };

static uintptr_t from, to, open_page;
static unsigned char *seen;
static uintptr_t *order;
static size_t count;

/* A write may go across two pages. */
static void protect(uintptr_t page, int how)
{
	uintptr_t end = page + 2 * PAGE;
	mprotect((void *)page, (end < to ? end : to) - page, how);
}

static void on_write(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr & ~(uintptr_t)(WORD - 1);
	if (at < from || at >= to) {
		signal(number, SIG_DFL);
		return;
	}
	if (!seen[(at - from) / WORD]) {
		seen[(at - from) / WORD] = 1;
		order[count++] = at;
	}
	open_page = at & ~(uintptr_t)(PAGE - 1);
	protect(open_page, PROT_READ | PROT_WRITE);
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= STEP;
}

static void on_step(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)info;
	protect(open_page, PROT_READ);
	((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~STEP;
}

static void finish(void)
{
	mprotect((void *)from, to - from, PROT_READ | PROT_WRITE);
	FILE *out = fopen(getenv("OX_OUT"), "w");
	for (size_t i = 0; out && i < count; i++)
		fprintf(out, "%lx\n", (unsigned long)order[i]);
	if (!out || fclose(out) != 0)
		_exit(1);
}

static uintptr_t address(const char *name)
{
	const char *text = getenv(name);
	return text ? strtoul(text, NULL, 16) & ~(uintptr_t)(PAGE - 1) : 0;
}

__attribute__((constructor)) static void start(void)
{
	from = address("OX_FROM");
	to = address("OX_TO");
	size_t words = (to - from) / WORD;
	seen = calloc(words, 1);
	order = calloc(words, sizeof *order);
	if (!from || to <= from || !seen || !order || !getenv("OX_OUT"))
		_exit(1);
	struct sigaction write = {.sa_sigaction = on_write, .sa_flags = SA_SIGINFO};
	struct sigaction step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
	sigaction(SIGSEGV, &write, NULL);
	sigaction(SIGTRAP, &step, NULL);
	atexit(finish);
	mprotect((void *)from, to - from, PROT_READ);
}
