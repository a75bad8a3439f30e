/* frame.h - entering and leaving functions; binding arguments. Private to the machine. */
#ifndef OX_STARLARK_FRAME_H
#define OX_STARLARK_FRAME_H

#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

/* Begin a call of fn whose parameters are in regs already. NULL: failing. */
struct ox_frame *ox_frame_enter(struct ox_star *s, const struct ox_closure *fn, ox_star_value *regs, uint32_t dest,
				bool boundary);
void ox_frame_leave(struct ox_star *s); /* the innermost one */
/* Put arguments into the parameters' registers; -1: failing. `args` must not overlap regs. */
int ox_frame_bind(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args, ox_star_value *regs);
/* Fewer or as many positional arguments as parameters, in place already: add defaults; false: do it the long way. */
bool ox_frame_fill(const struct ox_closure *fn, ox_star_value *regs, size_t count);

/* Take n values from the stack's top (give them back by setting stack_top); NULL: failing. */
ox_star_value *ox_stack_take(struct ox_star *s, size_t n);

/* Expand the arguments at `at`, of this shape, onto the stack's top. */
int ox_args_expand(struct ox_star *s, const struct ox_call_shape *shape, const ox_star_value *at, struct ox_args *args);

/* Loops: state is two registers, see code.h. */
int ox_loop_begin(struct ox_star *s, ox_star_value *state, ox_star_value over);
void ox_loop_leave(struct ox_star *s);
void ox_loops_unwind(struct ox_star *s, uint32_t height);
/* For what the machine does not do itself: the next item, or 0 at the end (or failing). */
ox_star_value ox_loop_next(struct ox_star *s, ox_star_value *state);
int ox_unpack(struct ox_star *s, ox_star_value v, ox_star_value *into, size_t count);

#endif
