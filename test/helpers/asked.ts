/** What a command is asked for. If that is help, or if its options are wrong, it says so, and there is nothing to do. `read` throws what is wrong. */
export function asked<T> (help: string, read: (args: string[]) => T | undefined): T | undefined {
  try {
    const options = read(process.argv.slice(2))
    if (options === undefined) console.log(help)
    return options
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    process.exitCode = 2
    return undefined
  }
}
