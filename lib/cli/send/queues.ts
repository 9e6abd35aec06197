/**
 * The numbers of the events that each worker sends, one after another. A conversation's are all one worker's, which keeps their
 * order; only if there are fewer conversations than workers does each take the next number that nobody has.
 */
export function queuesOf (count: number, conversations: number, workers: number): Array<Iterable<number>> {
  if (conversations < workers) return Array.from<Iterable<number>>({ length: workers }).fill(numbers(count, () => true))
  return Array.from({ length: workers }, (_, worker) =>
    numbers(count, (index) => index % conversations % workers === worker))
}

function * numbers (count: number, isMine: (index: number) => boolean): Generator<number> {
  for (let index = 0; index < count; index++) {
    if (isMine(index)) yield index
  }
}
