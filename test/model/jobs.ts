/** Works on so many at once, and hands over the results in order. */
export async function inOrder<T, R> (items: readonly T[], jobs: number, work: (item: T) => Promise<R>, onResult: (result: R, item: T) => void): Promise<void> {
  for (let i = 0; i < items.length; i += jobs) {
    const some = items.slice(i, i + jobs)
    await Promise.all(some.map(async (item) => ({ item, result: await work(item) })))
      .then((results) => { for (const { item, result } of results) onResult(result, item) })
  }
}
