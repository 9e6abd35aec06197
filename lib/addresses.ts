import { BlockList, isIP } from 'node:net'
import { InvalidOptionError } from './errors.ts'
import { inQuotes } from './passwords.ts'

/** The addresses that OneRoute posts from. Source: its page "Receiving Events - Webhooks". */
export const ONEROUTE_IPS: readonly string[] = Object.freeze(['174.138.104.128'])

/** Returns whether an address is one of those allowed, each of which is an address or a CIDR range. */
export function createAllowList (allowed: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const entry of allowed) addTo(list, entry)
  // What a proxy forwards need not be an address at all.
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
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
