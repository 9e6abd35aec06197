/** Those in a list such as 'credentials,email'. */
export function namesIn (list: string): string[] {
  return list.split(',').map((name) => name.trim()).filter((name) => name !== '')
}
