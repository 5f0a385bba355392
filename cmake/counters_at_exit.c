// A process that ends by _exit() has counted too: in builds with NACRE_COVERAGE the linker sends _exit() and _Exit() here
// (--wrap), and the counters are written first. One that is killed, or aborts, takes its counters with it.
int __llvm_profile_write_file(void);
_Noreturn void __real__exit(int status);

_Noreturn void __wrap__exit(int status);
_Noreturn void __wrap__exit(int status) {
  __llvm_profile_write_file();
  __real__exit(status);
}

_Noreturn void __wrap__Exit(int status);
_Noreturn void __wrap__Exit(int status) { __wrap__exit(status); }
