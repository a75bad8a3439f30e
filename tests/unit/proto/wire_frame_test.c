#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/wire/frame.h"

#include <sys/socket.h>
#include <unistd.h>

static void feed(struct ox_frame_reader *r, const void *data, size_t len)
{
	size_t room = len;
	char *place = ox_frame_reader_room(r, &room);
	assert_non_null(place);
	assert_true(room >= len);
	memcpy(place, data, len);
	ox_frame_reader_filled(r, len);
}

static void frames_come_out_whole_however_the_bytes_arrive(void **state)
{
	(void)state;
	static const char stream[] = "\x03\0\0\0abc\x01\0\0\0d\x02\0\0\0ef";
	for (size_t chunk = 1; chunk < sizeof stream; chunk++) {
		struct ox_frame_reader r = {0};
		struct ox_buf seen = {0};
		for (size_t at = 0; at < sizeof stream - 1; at += chunk) {
			size_t left = sizeof stream - 1 - at;
			feed(&r, stream + at, left < chunk ? left : chunk);
			struct ox_slice body;
			while (ox_frame_reader_next(&r, &body, NULL) == 1) {
				ox_buf_slice(&seen, body);
				ox_buf_byte(&seen, '|');
			}
		}
		assert_string_equal(seen.data, "abc|d|ef|");
		assert_false(ox_frame_reader_partial(&r));
		ox_buf_free(&seen);
		ox_frame_reader_free(&r);
	}
}

static void a_length_of_zero_or_above_the_limit_is_refused(void **state)
{
	(void)state;
	struct ox_frame_reader r = {.max = 4}, zero = {0}, huge = {0};
	struct ox_slice body;
	struct ox_err err = {0};
	feed(&r, "\x05\0\0\0", 4);
	assert_int_equal(ox_frame_reader_next(&r, &body, &err), OX_ECORRUPT);
	assert_non_null(strstr(err.text, "5 bytes"));
	feed(&zero, "\0\0\0\0", 4);
	assert_int_equal(ox_frame_reader_next(&zero, &body, &err), OX_ECORRUPT);
	feed(&huge, "\xFF\xFF\xFF\xFF", 4);
	assert_int_equal(ox_frame_reader_next(&huge, &body, &err), OX_ECORRUPT);
	assert_true(huge.pending.cap < 1 << 20);
	ox_frame_reader_free(&r);
	ox_frame_reader_free(&zero);
	ox_frame_reader_free(&huge);
}

static void a_connection_cut_inside_a_frame_is_told_from_its_end(void **state)
{
	(void)state;
	int fd[2];
	struct ox_frame_reader r = {0};
	struct ox_slice body;
	struct ox_err err = {0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	assert_int_equal(ox_frame_write(fd[0], OX_SLICE("\x01\0\0\0x\x09\0\0\0y"), &err), 0);
	close(fd[0]);
	assert_int_equal(ox_frame_read(fd[1], &r, &body, &err), 1);
	assert_true(ox_slice_eq_str(body, "x"));
	assert_int_equal(ox_frame_read(fd[1], &r, &body, &err), OX_ECORRUPT);
	ox_frame_reader_free(&r);
	assert_int_equal(ox_frame_read(fd[1], &r, &body, &err), 0);
	close(fd[1]);
	ox_frame_reader_free(&r);
}

static void writing_to_a_closed_peer_is_an_error_and_no_signal(void **state)
{
	(void)state;
	int fd[2];
	struct ox_err err = {0};
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	close(fd[0]);
	assert_int_equal(ox_frame_write(fd[1], OX_SLICE("abc"), &err), OX_EEOF);
	close(fd[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_come_out_whole_however_the_bytes_arrive),
		cmocka_unit_test(a_length_of_zero_or_above_the_limit_is_refused),
		cmocka_unit_test(a_connection_cut_inside_a_frame_is_told_from_its_end),
		cmocka_unit_test(writing_to_a_closed_peer_is_an_error_and_no_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
