/* Any bytes: the scanner must reach the end, with spans that go forwards inside the text. */
#include "daemon/starlark/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 64 << 20};
	struct ox_source source;
	struct ox_scanner *sc = malloc(sizeof *sc);
	struct ox_token tok = {0};
	if (sc && ox_source_init(&source, &arena, OX_SLICE("fuzz"), ox_slice(data, size), NULL) == 0) {
		struct ox_report report = {.source = &source, .limit = 20};
		uint32_t last = 0;
		if (ox_scan_init(sc, &source, &arena, &report, 200)) {
			do {
				ox_scan_next(sc, &tok);
				if (tok.span.start < last || tok.span.end < tok.span.start || tok.span.end > size)
					abort();
				last = tok.span.start;
			} while (tok.kind != OX_TOK_EOF);
		}
	}
	free(sc);
	ox_arena_free(&arena);
	return 0;
}
