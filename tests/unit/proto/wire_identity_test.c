#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/wire/identity.h"

static struct ox_hello mine, peer;

static int setup(void **state)
{
	(void)state;
	ox_hello_fill(&mine);
	ox_hello_fill(&peer);
	return 0;
}

static void refused_with(const char *word)
{
	struct ox_err err = {0};
	assert_int_equal(ox_hello_check(&mine, &peer, &err), OX_EUNREACHABLE);
	assert_non_null(strstr(err.text, word));
	assert_non_null(strstr(err.text, "--no-daemon"));
}

static void two_programs_of_one_build_understand_each_other(void **state)
{
	(void)state;
	assert_int_equal(ox_hello_check(&mine, &peer, NULL), 0);
	assert_int_equal(strlen(ox_build_id()), 64);
}

static void another_protocol_is_refused(void **state)
{
	(void)state;
	peer.protocol++;
	refused_with("protocol 2");
}

static void another_version_is_refused(void **state)
{
	(void)state;
	peer.version = OX_SLICE("9.9");
	refused_with("9.9");
}

static void another_root_folder_is_refused(void **state)
{
	(void)state;
	peer.root_ino++;
	refused_with("container");
}

static void a_required_feature_that_we_lack_is_named(void **state)
{
	(void)state;
	struct ox_slice required[] = {OX_SLICE("events"), OX_SLICE("telepathy")};
	peer.required = required;
	peer.required_count = 2;
	refused_with("telepathy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_programs_of_one_build_understand_each_other, setup),
		cmocka_unit_test_setup(another_protocol_is_refused, setup),
		cmocka_unit_test_setup(another_version_is_refused, setup),
		cmocka_unit_test_setup(another_root_folder_is_refused, setup),
		cmocka_unit_test_setup(a_required_feature_that_we_lack_is_named, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
