/* message.h - the messages of the conversation as plain structs.
 *
 * One struct ox_msg is one frame of proto/schema/oxidizer.proto, which draws the
 * flows and says what each field means. Encoding appends a whole frame (length
 * included) to a buffer; decoding puts every string and list into an arena,
 * whose limit bounds what a peer can make us allocate. Event strings point into
 * the frame or the arena. */
#ifndef OX_WIRE_MESSAGE_H
#define OX_WIRE_MESSAGE_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"
#include "proto/base/event.h"

enum { OX_PROTOCOL_MAJOR = 1 };

enum ox_msg_kind {
	OX_MSG_HELLO = 1,
	OX_MSG_BUILD,
	OX_MSG_ACCEPTED,
	OX_MSG_EVENT,
	OX_MSG_CANCEL,
	OX_MSG_RESUME,
	OX_MSG_STATUS,
	OX_MSG_STORE,
	OX_MSG_SHUTDOWN,
	OX_MSG_REPORT,
	OX_MSG_LANGUAGE,
	OX_MSG_DISTRIBUTION,
};

struct ox_name_value {
	struct ox_slice name, value;
	bool unset;
};

struct ox_hello {
	uint32_t protocol, max_frame;
	struct ox_slice build_id, version;
	struct ox_slice *features, *required;
	size_t feature_count, required_count;
	uint64_t root_dev, root_ino, cwd_dev, cwd_ino;
	int32_t pid;
};

enum ox_build_mode { OX_BUILD_BUILD, OX_BUILD_LIST_TARGETS };

struct ox_build {
	enum ox_build_mode mode;
	struct ox_slice config_path, cwd, target_triple, store;
	struct ox_slice *targets;
	size_t target_count;
	struct ox_name_value *vars, *environment;
	size_t var_count, environment_count;
	bool release, offline, refresh, explain, detach;
	uint32_t verbosity, umask;
	int32_t nice;
};

enum ox_store_verb { OX_STORE_STATS, OX_STORE_GC, OX_STORE_VERIFY };

struct ox_store_request {
	enum ox_store_verb verb;
	bool dry_run, repair;
	uint64_t high_water;
	struct ox_slice path;
};

enum ox_language_verb { OX_LANGUAGE_EVALUATE, OX_LANGUAGE_FORMAT, OX_LANGUAGE_LINT };

struct ox_source_text {
	struct ox_slice path, text;
	bool given; /* text counts, also when it is empty; else the file is read */
};

struct ox_language {
	enum ox_language_verb verb;
	struct ox_source_text *sources;
	struct ox_slice *expressions;
	size_t source_count, expression_count;
	struct ox_slice cwd, store;
	struct ox_name_value *vars, *environment;
	size_t var_count, environment_count;
	bool check, offline;
	uint32_t verbosity;
};

enum ox_distribution_verb {
	OX_DISTRIBUTION_INFO,
	OX_DISTRIBUTION_LICENSES,
	OX_DISTRIBUTION_EXTRACT,
	OX_DISTRIBUTION_ADD,
	OX_DISTRIBUTION_LIST,
	OX_DISTRIBUTION_REMOVE,
	OX_DISTRIBUTION_DEFAULT,
	OX_DISTRIBUTION_RESOURCES,
};

struct ox_distribution_request {
	enum ox_distribution_verb verb;
	struct ox_slice archive; /* empty: the table's */
	struct ox_slice destination;
	struct ox_slice name, path, target_triple; /* may be empty */
	bool scan_distribution, no_classify, no_files;
	struct ox_slice cwd, store;
	struct ox_name_value *environment;
	size_t environment_count;
	bool offline;
	uint32_t verbosity;
};

struct ox_report_item {
	struct ox_slice name, text, unit;
	uint64_t number;
};

struct ox_report {
	struct ox_report_item *items;
	size_t count;
};

struct ox_msg {
	enum ox_msg_kind kind;
	uint64_t request;
	union {
		struct ox_hello hello;
		struct ox_build build;
		struct {
			uint64_t build;
		} accepted, cancel;
		struct ox_event event;
		struct {
			uint64_t build, after;
		} resume;
		struct ox_store_request store;
		struct {
			bool now;
		} shutdown;
		struct ox_report report;
		struct ox_language language;
		struct ox_distribution_request distribution;
	} as;
};

/* Appends one frame to out. OX_EEXHAUSTED when memory runs out or the frame
 * would be longer than OX_FRAME_MAX (proto/wire/frame.h). */
int ox_msg_encode(const struct ox_msg *msg, struct ox_buf *out, struct ox_err *err);

/* Decodes one frame body (without its length). OX_ECORRUPT for bytes that are
 * not a message of ours, OX_EEXHAUSTED past the arena's limit. An unknown kind
 * is OX_ECORRUPT with the number in the message. */
int ox_msg_decode(struct ox_slice body, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err);

#endif
