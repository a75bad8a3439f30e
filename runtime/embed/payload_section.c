/* The section that the payload is written into once the stub is linked: one page
 * that everything else lies below. In assembler, so that no compiler can know what it
 * holds. See runtime/sources.list for its place in the file. */
#include "runtime/embed/payload.h"

__asm__(".pushsection .oxpayload, \"a\", @progbits\n"
	".balign 4096\n"
	".globl ox_payload_section\n"
	".hidden ox_payload_section\n"
	".type ox_payload_section, @object\n"
	".size ox_payload_section, 4096\n"
	"ox_payload_section:\n"
	".zero 4096\n"
	".popsection\n");
