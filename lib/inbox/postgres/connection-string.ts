// Only PostgreSQL: it has a server to connect to, and SQLite a path (sqlite/options.ts).
/**
 * Whether pg finds in a text what was meant: an address, or a socket. It takes anything, and for a host what it finds where one should
 * be, such as a part of a password: what it cannot reach is in its messages.
 */
export function isConnectionString (text: string): boolean {
  const address = text.trim()
  if (/^(?:socket:|\/(?!\/))/i.test(address)) return true
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(address)) return false
  // Without a host it is a server of this machine.
  const url = URL.parse(address) ?? URL.parse(address.replace('@/', '@localhost/'))
  return url !== null && url.hash === '' && (url.username !== '' || !url.pathname.includes('@'))
}
