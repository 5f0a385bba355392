// nacre-sweep: every fault at every place (sweep.h).
//
//     nacre-sweep [KIND...]      all trials of these kinds, of all kinds if none is named; prints a table of what came of them
//         --quick            an even sample of each kind: what CI runs
//         --jobs N           N processes share the trials
//         --from A --to B    trials A up to and including B of one kind
//         --only N           one trial of one kind, with its trace
//         --keep-going       does not stop at the first failure
// Exit: 0 all trials passed, 1 one failed, 2 usage.
#include "sim/sweep/run.h"

int main(int argc, char** argv) { return nacre::sim::sweep_main(argc, argv, nacre::sim::sweep_kinds()); }
