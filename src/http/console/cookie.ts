import type { FastifyRequest } from 'fastify'

/**
 * The cookie of a session. Cookies of one host go to all its ports, so the port is part of the name: two processes on
 * one machine do not end each other's sessions. Beyond loopback it is sent by HTTPS alone.
 */
export type SessionCookie = Readonly<{
  read: (request: FastifyRequest) => string | undefined
  set: (request: FastifyRequest, id: string, maxAgeS: number) => string
  clear: (request: FastifyRequest) => string
}>

export const sessionCookie = (port: () => number): SessionCookie => {
  const nameFor = (request: FastifyRequest): string =>
    isLoopbackHost(request.headers.host) ? `streamvane-session-${port()}` : '__Host-streamvane-session'
  const written = (request: FastifyRequest, value: string, maxAgeS: number): string =>
    `${nameFor(request)}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isLoopbackHost(request.headers.host) ? '' : '; Secure'}`
  return {
    read: (request) => {
      const name = nameFor(request)
      const pair = (request.headers.cookie ?? '').split(/; */).find((each) => each.startsWith(`${name}=`))
      return pair?.slice(name.length + 1)
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
