// @ts-check
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registryJar } from './downloads.mjs'
import { startJvm, untilReady } from './jvm.mjs'
import { withFreePorts } from './ports.mjs'

const READY_LIMIT_MS = 90_000
const REQUEST_LIMIT_MS = 3_000

/** @typedef {{ url: string, pid: number, stop: () => Promise<void> }} LocalRegistry */

/**
 * A real schema registry (Apicurio, in memory) on 127.0.0.1 and a port that was free. `url` is the base of the
 * Confluent-compatible API. Like Confluent's it starts with the rule that a new version of a schema must be able to
 * read what the last one wrote. It ends with this process, however this process ends.
 * @param {{ log?: (line: string) => void }} [options]
 * @returns {Promise<LocalRegistry>}
 */
export const startRegistry = async ({ log = () => {} } = {}) => {
  const jar = await registryJar(log)
  return withFreePorts(1, async ([port = 0]) => {
    const dir = await mkdtemp(join(tmpdir(), 'streamvane-registry-'))
    const discard = () => rm(dir, { recursive: true, force: true, maxRetries: 5 })
    const url = `http://127.0.0.1:${port}/apis/ccompat/v7`
    try {
      const jvm = await startJvm({
        args: [
          ...'-Xmx384m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dquarkus.http.host=127.0.0.1'.split(' '),
          `-Dquarkus.http.port=${port}`,
          '-jar',
          jar,
        ],
        logFile: join(dir, 'registry.log'),
        doomedDir: dir,
      })
      await untilReady(jvm, `the schema registry on port ${port}`, READY_LIMIT_MS, () => isOk(`${url}/subjects`))
      await demandCompatibility(url)
      log(`schema registry answers on ${url} (pid ${jvm.pid})`)
      return {
        url,
        pid: jvm.pid,
        stop: async () => {
          await jvm.kill('SIGKILL')
          await discard()
        },
      }
    } catch (cause) {
      await discard()
      throw cause
    }
  })
}

/** @param {string} url */
const isOk = (url) =>
  fetch(url, { signal: AbortSignal.timeout(REQUEST_LIMIT_MS) }).then(
    async (response) => (await response.text(), response.ok),
    () => false,
  )

/**
 * Makes BACKWARD compatibility the rule for every subject, as it is by default at Confluent's.
 * @param {string} url base of the API
 */
export const demandCompatibility = async (url) => {
  const response = await fetch(`${url}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' }),
    signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
  })
  if (!response.ok)
    throw new Error(`the schema registry refused its own configuration: ${response.status} ${await response.text()}`)
}
