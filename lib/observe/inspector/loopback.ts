import { BlockList } from 'node:net'
import type { FastifyRequest } from 'fastify'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

const HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

/** What a proxy or a tunnel adds, also one that changes `Host` to the name that it has been given. */
const PASSED_ON = /^(?:forwarded|x-forwarded-.*|x-real-ip|via|cf-connecting-ip)$/

/**
 * Whether a request comes from this machine and means it. By the socket, for headers that a proxy would set are anybody's to write; by
 * those, for what has them was passed on from elsewhere; and by `Host`, for a page elsewhere could have its own name resolve to this
 * machine and read the answers.
 */
export function isLoopback ({ socket, headers }: { socket: { remoteAddress?: string | undefined, remoteFamily?: string | undefined }, headers: FastifyRequest['headers'] }): boolean {
  const { remoteAddress = '', remoteFamily } = socket
  return LOOPBACK.check(remoteAddress, remoteFamily === 'IPv6' ? 'ipv6' : 'ipv4') && HOST.test(hostOf(headers)) &&
    !Object.keys(headers).some((name) => PASSED_ON.test(name))
}

/** What the client calls this server: with HTTP/2 in a field of its own. */
export function hostOf ({ host, ':authority': authority = '' }: FastifyRequest['headers']): string {
  return host ?? String(authority)
}
