/* code.h - what the compiler makes and the machine runs. Private to the language.
 *
 * A register machine: eight bytes per instruction, registers are a window of
 * the evaluation's stack. The first registers are the parameters, then the
 * other locals, then temporaries. A local that was not assigned holds 0; every
 * instruction that meets a 0 operand reports it by the local's name. Captured
 * locals hold a cell. Fields: x (8 bits), a, b, c (16 bits), or j (32 bits in b and c). */
#ifndef OX_STARLARK_CODE_H
#define OX_STARLARK_CODE_H

#include "daemon/starlark/value.h"
#include "daemon/starlark/source.h"

/* clang-format off: one line per entry */
#define OX_INSNS(I) \
	I(MOVE)       /* a = b */ \
	I(CONST)      /* a = constant j */ \
	I(SMALL)      /* a = small integer j */ \
	I(GLOBAL)     /* a = global j */ \
	I(SET_GLOBAL) /* global j = a */ \
	I(CELL_GET)   /* a = cell in b */ \
	I(CELL_SET)   /* cell in a = b */ \
	I(FREE_GET)   /* a = free cell b */ \
	I(MAKE_CELL)  /* a = new cell holding a */ \
	I(UNKNOWN)    /* fail: name constant j is bound nowhere */ \
	I(ADD) I(SUB) I(MUL) I(DIV) I(FLOORDIV) I(MOD) I(AND) I(OR) I(XOR) I(SHL) I(SHR) /* a = b op c */ \
	I(EQ) I(NE) I(LT) I(GT) I(LE) I(GE) I(IN) I(NOT_IN) /* the same; x: a jump on a follows */ \
	I(ADD_SMALL)  /* a = b + c (signed); x: it was written as a subtraction */ \
	I(INPLACE)    /* a = b op c for op x; may change b */ \
	I(NEGATE) I(PLUS) I(INVERT) I(NOT) /* a = op b */ \
	I(JUMP)       /* by j */ \
	I(JUMP_IF)    /* by j when a is true */ \
	I(JUMP_IF_NOT) \
	I(ATTR)       /* a = b.name c */ \
	I(SET_ATTR)   /* a.name c = b */ \
	I(INDEX)      /* a = b[c] */ \
	I(SET_INDEX)  /* a[b] = c */ \
	I(SLICE)      /* a = b[c : c+1 : c+2] */ \
	I(METHOD)     /* a = function b.name c; a+1 = receiver or 0 */ \
	I(CALL)       /* a = call of b with c positional arguments at b+1 */ \
	I(CALL_METHOD) /* a = call of b, receiver b+1, c arguments at b+2 */ \
	I(CALL_SHAPE) /* a = call of b, (x: receiver b+1,) arguments as in shape c */ \
	I(LIST)       /* a = list of c registers from b */ \
	I(TUPLE) \
	I(DICT)       /* a = {} with room for j */ \
	I(DICT_PUT)   /* a[b] = c; x: the key must be new */ \
	I(APPEND)     /* list a gets c registers from b */ \
	I(ITER)       /* start iterating over b; state in a, a+1 */ \
	I(NEXT)       /* a = next of state b, skipping one instruction; at the end: leave the loop and go on */ \
	I(ITER_END)   /* leave the innermost loop early */ \
	I(UNPACK)     /* c registers from a = items of b */ \
	I(FUNCTION)   /* a = closure of function j; defaults in registers from a */ \
	I(RETURN)     /* a */ \
	I(LOAD)       /* a = module named by constant j, opaque */ \
	I(LOAD_NAME)  /* a = constant c of module b */
/* clang-format on */

enum ox_opcode {
#define I(name) OX_I_##name,
	OX_INSNS(I)
#undef I
	OX_I_COUNT
};

struct ox_insn {
	uint8_t op, x;
	uint16_t a;
	union {
		struct {
			uint16_t b, c;
		};
		int32_t j;
	};
};

struct ox_capture {
	bool from_free; /* of the function that makes the closure: its free cell, else its register */
	uint32_t index;
};

struct ox_proto {
	struct ox_slice name;
	const struct ox_source *source;
	const struct ox_insn *code;
	const struct ox_span *spans; /* per instruction */
	uint32_t code_len;
	ox_star_value *constants;
	uint32_t constant_count;
	struct ox_proto **functions;
	struct ox_call_shape **shapes;
	ox_star_value *local_names; /* strings, per local register */
	uint32_t registers, locals;
	/* Parameters: `positional` first, then `named_only`, then *args, **kwargs. */
	uint32_t positional, named_only, defaults; /* how many of them have defaults */
	bool has_args, has_kwargs;
	struct ox_capture *captures;
	uint32_t capture_count;
	uint32_t *default_params; /* the parameter of each default, in source order */
	ox_star_value *free_names; /* per capture */
	ox_star_value doc; /* string or None */
	uint32_t *running; /* calls under way, to forbid recursion */
	bool toplevel;
};

static inline uint32_t ox_proto_params(const struct ox_proto *p)
{
	return p->positional + p->named_only + p->has_args + p->has_kwargs;
}

#endif
