// @ts-check
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..')
const COMPOSE_URL = 'esdb://127.0.0.1:2113?tls=false'

/**
 * An EventStoreDB for the demo: the one that EVENTSTOREDB_URL names, else the one of docker-compose.yml where an engine
 * answers, else the protocol-level server of the tests, which speaks its protocol and keeps everything in memory.
 * @returns {Promise<{ url: string, why: string, stop: () => void }>}
 */
export const startEventStoreDb = async () => {
  const named = process.env['EVENTSTOREDB_URL']
  if (named !== undefined && named !== '') return { url: named, why: 'EVENTSTOREDB_URL names it', stop: () => {} }
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status === 0) {
    const { status } = spawnSync('docker', ['compose', 'up', '-d', '--wait', 'eventstoredb'], {
      cwd: root,
      stdio: 'inherit',
    })
    if (status === 0) return { url: COMPOSE_URL, why: 'a container of docker-compose.yml, which stays', stop: () => {} }
  }
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'dev', 'eventstoredb-stand-in.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => Promise.reject(new Error('the stand-in for EventStoreDB did not come up'))),
  ])
  return {
    url: String(url),
    why: 'NOT an EventStoreDB but the protocol-level server of the tests, in memory: neither EVENTSTOREDB_URL nor a Docker engine is there',
    stop: () => void child.kill('SIGKILL'),
  }
}
