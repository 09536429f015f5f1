// @ts-check
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cached } from './local-kafka/cache.mjs'

const INSTALL_LIMIT_MS = 300_000

/** What the consumers in Python import: a Kafka client (librdkafka), an Avro library, and a client of RabbitMQ. */
const PACKAGES = ['confluent-kafka==2.16.1', 'fastavro==1.12.1', 'pika==1.3.2']

/**
 * A Python that has these packages from PyPI: a virtual environment in the cache, made when it is asked for the first
 * time. What cannot be had (no Python, no venv, no network) is no error: `why` says what happened.
 * @param {readonly string[]} packages
 * @param {(line: string) => void} [log]
 * @returns {Promise<{ python: string } | { python: undefined, why: string }>}
 */
export const pythonWith = async (packages, log = () => {}) => {
  const run = promisify(execFile)
  try {
    const home = await cached(await folderOf(packages), async (draft) => {
      log(`installing ${packages.join(' and ')} for Python`)
      await run('python3', ['-m', 'venv', draft], { timeout: INSTALL_LIMIT_MS })
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:']
      await run(join(draft, 'bin', 'python'), [...pip, ...packages], { timeout: INSTALL_LIMIT_MS })
    })
    return { python: join(home, 'bin', 'python') }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return { python: undefined, why: reason.split('\n').slice(0, 3).join(' ') }
  }
}

/** Of another Python, or other packages, is another folder. @param {readonly string[]} packages */
const folderOf = async (packages) => {
  const { stdout } = await promisify(execFile)('python3', ['-c', 'import sys; print(sys.version)'])
  const name = createHash('sha256')
    .update(JSON.stringify([stdout, packages]))
    .digest('hex')
    .slice(0, 8)
  return `python-${name}`
}

/** The Python of the tests' consumers. @param {(line: string) => void} [log] */
export const consumerPython = (log) => pythonWith(PACKAGES, log)
