// @ts-check
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Ports nobody listens on. All are held until the last is found, so they differ from each other; another process may
 * still take one before it is used, which is why starters try again.
 * @param {number} count @returns {Promise<number[]>}
 */
export const freePorts = async (count) => {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => /** @type {import('node:net').AddressInfo} */ (server.address()).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}

const BIND_ATTEMPTS_MAX = 3

/**
 * Calls `start` with fresh ports, again with others if one of them was taken meanwhile.
 * @template T
 * @param {number} count @param {(ports: number[]) => Promise<T>} start @returns {Promise<T>}
 */
export const withFreePorts = async (count, start) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePorts(count))
    } catch (cause) {
      const taken = /address already in use|BindException|port\(?s?\)? already bound/i.test(String(cause))
      if (!taken || attempt === BIND_ATTEMPTS_MAX) throw cause
    }
  }
}
