#include "proto/wire/identity.h"

#include "proto/wire/build_id.h"
#include "proto/wire/frame.h"

#include <sys/stat.h>
#include <unistd.h>

static struct ox_slice features[] = {
	{"events", 6},
	{"resume", 6},
	{"detach", 6},
	{"explain", 7},
	{"language", 8},
	{"distribution", 12},
	{"registered", 10},
};

const char *ox_version(void)
{
	return PACKAGE_VERSION;
}

const char *ox_build_id(void)
{
	return OX_BUILD_ID;
}

void ox_hello_fill(struct ox_hello *hello)
{
	*hello = (struct ox_hello){
		.protocol = OX_PROTOCOL_MAJOR,
		.max_frame = OX_FRAME_MAX,
		.build_id = ox_slice_str(OX_BUILD_ID),
		.version = ox_slice_str(PACKAGE_VERSION),
		.features = features,
		.feature_count = OX_COUNT(features),
		.pid = (int32_t)getpid(),
	};
	struct stat st;
	if (stat("/", &st) == 0) {
		hello->root_dev = st.st_dev;
		hello->root_ino = st.st_ino;
	}
	if (stat(".", &st) == 0) {
		hello->cwd_dev = st.st_dev;
		hello->cwd_ino = st.st_ino;
	}
}

static const struct ox_slice *missing_feature(const struct ox_hello *mine, const struct ox_hello *peer)
{
	for (size_t i = 0; i < peer->required_count; i++) {
		bool found = false;
		for (size_t j = 0; j < mine->feature_count && !found; j++)
			found = ox_slice_eq(mine->features[j], peer->required[i]);
		if (!found)
			return &peer->required[i];
	}
	return NULL;
}

#define RESTART "stop it with `oxc daemon stop` (the next command starts the right one), or use --no-daemon"

int ox_hello_check(const struct ox_hello *mine, const struct ox_hello *peer, struct ox_err *err)
{
	if (peer->protocol != mine->protocol)
		return ox_fail(err, OX_EUNREACHABLE, "the daemon speaks protocol %u and this program %u; " RESTART,
			       peer->protocol, mine->protocol);
	const struct ox_slice *feature = missing_feature(mine, peer);
	if (feature)
		return ox_fail(err, OX_EUNREACHABLE,
			       "the daemon requires the feature \"%.*s\", which this program does not have; " RESTART,
			       OX_SLICE_ARG(*feature));
	if (!ox_slice_eq(peer->version, mine->version))
		return ox_fail(err, OX_EUNREACHABLE, "the daemon is version %.*s and this program %.*s; " RESTART,
			       OX_SLICE_ARG(peer->version), OX_SLICE_ARG(mine->version));
	if (peer->root_dev != mine->root_dev || peer->root_ino != mine->root_ino)
		return ox_fail(err, OX_EUNREACHABLE,
			       "the daemon runs in another root folder or container and cannot see these files; "
			       "use --no-daemon");
	return 0;
}
