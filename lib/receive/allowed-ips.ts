import { BlockList, isIP } from 'node:net'
import { InvalidOptionError } from '../errors/errors.ts'
import { inQuotes } from '../errors/url-passwords.ts'

/** The addresses that OneRoute posts from. Source: its page "Receiving Events - Webhooks". */
export const ONEROUTE_IPS: readonly string[] = Object.freeze(['174.138.104.128'])

const WITH_PORT = /^(?:\[([\da-f:.]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/i

/** Returns whether an address is one of those allowed, each of which is an address or a CIDR range. */
export function createAllowList (allowed: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of allowed) addTo(list, entry)
  return (forwarded) => {
    const address = withoutPort(forwarded)
    // What a proxy forwards need not be an address at all.
    return isIP(address) !== 0 && list.check(address, familyOf(address))
  }
}

/** Some proxies, such as Azure's, write the port of the client into X-Forwarded-For: '1.2.3.4:5' and '[2001:db8::1]:5'. */
function withoutPort (forwarded: string): string {
  const [, ipv6, ipv4] = WITH_PORT.exec(forwarded) ?? []
  return ipv6 ?? ipv4 ?? forwarded
}

function addTo (list: BlockList, entry: string): void {
  const [address = '', bits, ...rest] = entry.split('/')
  const longest = isIP(address) === 4 ? 32 : 128
  const wellFormed = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= longest)
  if (isIP(address) === 0 || rest.length > 0 || !wellFormed) {
    throw new InvalidOptionError(
      `\`allowedIps\` must hold IP addresses or CIDR ranges such as '10.0.0.0/8', got ${inQuotes(entry)}`)
  }
  if (bits === undefined) list.addAddress(address, familyOf(address))
  else list.addSubnet(address, Number(bits), familyOf(address))
}

function familyOf (address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4'
}
