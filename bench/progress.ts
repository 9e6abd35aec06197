/** On a terminal only, on a line that the next one takes the place of. */
export function showProgress (text: string) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}
