export const help = `
Runs the model of the PostgreSQL inbox: the .qnt files in test/model.

  npm run model -- [options]

1. The model is run at random, and its invariants are checked after each step.
2. The same with each broken variant: the rule that it leaves out has to be missed.
   Each invariant has to be violated by one of them.
3. Traces of the real inbox, with a real PostgreSQL, have to be accepted by the model.
   The same with one line changed has to be refused.

Options
  --seed N             of everything that is random (default: a new one, which is printed)
  --samples N          runs of the model (default: 2000). 0: none
  --variant-samples N  runs of each broken variant at most (default: 3000). 0: none
  --steps N            steps of a run at most (default: 180)
  --traces N           traces (default: 200). 0: none. Trace number N of a seed has the seed plus N
  --jobs N             how many times Quint runs at once (default: as many as there are processors)
  --help
`.trimStart()
