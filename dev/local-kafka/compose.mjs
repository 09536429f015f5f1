// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { demandCompatibility } from './registry.mjs'

const PROJECT_DIR = join(import.meta.dirname, '..', '..')
const BROKER = '127.0.0.1:9092'
const REGISTRY_URL = 'http://127.0.0.1:8081/apis/ccompat/v7'

/**
 * Brings up the broker and the registry of docker-compose.yml and resolves when both are healthy. They go on running
 * when this process ends (a second start is then quick) unless `stop` is called.
 * @param {{ log?: (line: string) => void }} [options]
 */
export const composeUp = async ({ log = () => {} } = {}) => {
  log('docker compose up --wait kafka schema-registry (the first time downloads their images)')
  await compose(['up', '-d', '--wait', 'kafka', 'schema-registry'])
  await demandCompatibility(REGISTRY_URL)
  return { brokers: [BROKER], registryUrl: REGISTRY_URL, stop: () => compose(['stop', 'kafka', 'schema-registry']) }
}

/** @param {string[]} args */
const compose = async (args) => {
  // stdout is for data; compose reports its progress to stderr
  const child = spawn('docker', ['compose', ...args], { cwd: PROJECT_DIR, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`docker compose ${args.join(' ')} ended with code ${code}`)
}
