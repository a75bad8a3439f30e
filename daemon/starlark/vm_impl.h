/* vm_impl.h - what the machine's loop (vm.c) calls when an instruction is rare or its
 * operands are not the frequent kind (vm_slow.c). Private to the machine.
 *
 * All report an operand without a value by the name of its local. Those that return a
 * value return 0, and those that return int -1, when failing. */
#ifndef OX_STARLARK_VM_IMPL_H
#define OX_STARLARK_VM_IMPL_H

#include "daemon/starlark/frame.h"

/* What a call instruction found out: either a value, or that a frame was entered. */
enum ox_called { OX_CALLED_FAILED, OX_CALLED_VALUE, OX_CALLED_FRAME };

ox_star_value ox_vm_unbound_local(struct ox_star *s, const struct ox_proto *p, uint32_t reg);
ox_star_value ox_vm_unbound_global(struct ox_star *s, const struct ox_star_module *m, int32_t slot);
ox_star_value ox_vm_binary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
ox_star_value ox_vm_add_small(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
ox_star_value ox_vm_inplace(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
ox_star_value ox_vm_unary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
ox_star_value ox_vm_index_slow(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
int ox_vm_set_index(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
int ox_vm_dict_put(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
int ox_vm_append(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i);
enum ox_called ox_vm_call_plain(struct ox_star *s, ox_star_value fn, ox_star_value self, ox_star_value *args,
				size_t count, uint32_t dest, ox_star_value *result);
enum ox_called ox_vm_call_shape(struct ox_star *s, const struct ox_insn *i, ox_star_value *result);
int ox_vm_run_rare(struct ox_star *s, struct ox_frame *f, const struct ox_insn *i);

#endif
