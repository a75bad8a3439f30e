/* compile_impl.h - what compile.c (statements, functions) and compile_expr.c
 * (expressions) share. Private.
 *
 * Registers: c->top is the first free temporary; whoever needs one takes it and
 * puts top back when done. An expression that is a plain local is used where it
 * stands: nothing inside an expression can rebind a local. */
#ifndef OX_STARLARK_COMPILE_IMPL_H
#define OX_STARLARK_COMPILE_IMPL_H

#include "daemon/starlark/compile.h"

enum { OX_REGISTER_MAX = 60000, OX_NO_JUMP = -1 };

struct ox_loop {
	struct ox_loop *outer;
	int breaks; /* chain of jumps */
	uint32_t start;
};

struct ox_compiler {
	struct ox_star *s;
	struct ox_report *report;
	const struct ox_source *source;
	const struct ox_function *func;
	struct ox_compiler *outer;
	OX_VEC(struct ox_insn) code;
	OX_VEC(struct ox_span) spans;
	OX_VEC(ox_star_value) constants;
	OX_VEC(struct ox_proto *) functions;
	OX_VEC(struct ox_call_shape *) shapes;
	struct ox_map strings; /* text -> constant index + 1 */
	struct ox_loop *loop;
	struct ox_span at; /* what the next instructions are blamed on */
	uint32_t top, highest, locals;
	bool failed;
};

void ox_c_fail(struct ox_compiler *c);
void ox_c_too_large(struct ox_compiler *c);
uint32_t ox_c_temp(struct ox_compiler *c);              /* one more register */
uint32_t ox_c_temps(struct ox_compiler *c, uint32_t n); /* n in a row */
uint32_t ox_c_emit(struct ox_compiler *c, enum ox_opcode op, uint32_t a, uint32_t b, uint32_t d);
uint32_t ox_c_emit_j(struct ox_compiler *c, enum ox_opcode op, uint32_t a, int64_t j);
void ox_c_flag(struct ox_compiler *c, uint8_t x); /* x of the last instruction */
void ox_c_jump(struct ox_compiler *c, enum ox_opcode op, uint32_t a, int *chain);
void ox_c_patch(struct ox_compiler *c, int chain); /* to here */
void ox_c_jump_back(struct ox_compiler *c, uint32_t target);
uint32_t ox_c_constant(struct ox_compiler *c, ox_star_value v);
uint32_t ox_c_string(struct ox_compiler *c, struct ox_slice text);
uint32_t ox_c_name(struct ox_compiler *c, struct ox_slice text); /* fits 16 bits */

uint32_t ox_c_expr(struct ox_compiler *c, const struct ox_node *n);              /* into some register */
void ox_c_expr_to(struct ox_compiler *c, const struct ox_node *n, uint32_t dst); /* into this one */
/* Jump when the truth of n is `when`; else fall through. */
void ox_c_branch(struct ox_compiler *c, const struct ox_node *n, bool when, int *chain);
void ox_c_assign(struct ox_compiler *c, const struct ox_node *target, uint32_t from);
void ox_c_function(struct ox_compiler *c, const struct ox_node *n, uint32_t dst);
void ox_c_loop_begin(struct ox_compiler *c, const struct ox_node *vars, const struct ox_node *iterable,
		     struct ox_loop *loop);
void ox_c_loop_end(struct ox_compiler *c, struct ox_loop *loop);
enum ox_op ox_c_operator(enum ox_token_kind kind);

#endif
