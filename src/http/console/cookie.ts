import type { FastifyRequest } from 'fastify'

/**
 * A cookie of the console. Cookies of one host go to all its ports, so the port is part of the name: two processes on
 * one machine do not end each other's sessions. By TLS, and beyond loopback, it is sent by HTTPS alone.
 */
export type ConsoleCookie = Readonly<{
  read: (request: FastifyRequest) => string | undefined
  set: (request: FastifyRequest, value: string, maxAgeS: number) => string
  clear: (request: FastifyRequest) => string
}>

/**
 * @param name Of its purpose: `session`.
 * @param sameSite `Strict` for whatever signs somebody in; `Lax` where a browser brings it along from another site.
 */
export const consoleCookie = (name: string, sameSite: 'Strict' | 'Lax', port: () => number): ConsoleCookie => {
  const isSecure = ({ protocol, headers }: FastifyRequest): boolean =>
    protocol === 'https' || !isLoopbackHost(headers.host)
  const nameFor = (request: FastifyRequest): string =>
    (isSecure(request) ? '__Host-' : '') +
    (isLoopbackHost(request.headers.host) ? `streamvane-${name}-${port()}` : `streamvane-${name}`)
  const written = (request: FastifyRequest, value: string, maxAgeS: number): string =>
    `${nameFor(request)}=${value}; Path=/; HttpOnly; SameSite=${sameSite}; Max-Age=${maxAgeS}${isSecure(request) ? '; Secure' : ''}`
  return {
    read: (request) => {
      const named = `${nameFor(request)}=`
      const pair = (request.headers.cookie ?? '').split(/; */).find((each) => each.startsWith(named))
      return pair?.slice(named.length)
    },
    set: written,
    clear: (request) => written(request, '', 0),
  }
}

/** Whether a browser was sent here by an address of its own machine, as its `Host` says. */
const isLoopbackHost = (host = ''): boolean => {
  const name = host.replace(/:\d+$/, '')
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name)
}
