/** Has the browser save what is at this address, and says so. */
export function save (address: string, said = 'The browser saves the file'): string {
  const link = document.createElement('a')
  link.href = address
  link.download = 'events.ndjson'
  link.click()
  // Not at once: the browser reads it after the click.
  if (address.startsWith('blob:')) setTimeout(() => { URL.revokeObjectURL(address) }, 60_000)
  return said
}
