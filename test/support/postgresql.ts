import { execFile, execFileSync } from 'node:child_process'
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe } from 'vitest'

const run = promisify(execFile)

export type Postgresql = Readonly<{
  /** Folder of its socket, which drivers take for a host; the user is `postgres`, without a password. */
  host: string
  /** Runs statements; resolves with the rows of the last one that has some, each value as text. */
  query: (sql: string) => Promise<readonly (readonly string[])[]>
  /** Ends it as a power cut would, and starts it again. */
  crash: () => Promise<void>
  stop: () => Promise<void>
}>

/** Folder of the server's programs: on the path, or where Debian and Ubuntu put them; `undefined`: there are none. */
const postgresqlPrograms = async (): Promise<string | undefined> => {
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(debian, version, 'bin'))
  const places = [...newestFirst, ...(process.env['PATH'] ?? '').split(delimiter)]
  return places.find((place) => ['initdb', 'pg_ctl', 'psql'].every((program) => existsSync(join(place, program))))
}

/** A server with a folder of its own, reached by a Unix socket in it alone. */
const startPostgresql = async (programs: string): Promise<Postgresql> => {
  const dir = await mkdtemp(join(tmpdir(), 'streamvane-pg-'))
  const owner = serverUser()
  if (owner !== undefined) await chown(dir, owner.uid, owner.gid)
  const options = { cwd: dir, ...owner }
  const data = join(dir, 'data')
  const control = (...args: readonly string[]) => run(join(programs, 'pg_ctl'), ['-D', data, '-w', ...args], options)
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--locale=C'], options)
  // Its log goes to a file: a server that holds our pipe open would never let `pg_ctl` end for us.
  const start = () => control('-l', join(dir, 'log'), '-o', `-k ${dir} -c listen_addresses='' -c fsync=off`, 'start')
  await start()
  return {
    host: dir,
    query: async (sql) => {
      const args = ['-h', dir, '-U', 'postgres', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', sql]
      const { stdout } = await run(join(programs, 'psql'), args, options)
      const lines = stdout.split('\n').filter((line) => line !== '')
      return lines.map((line) => line.split('|'))
    },
    crash: async () => {
      await control('-m', 'immediate', 'stop')
      await start()
    },
    stop: async () => {
      await control('-m', 'immediate', 'stop')
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The server refuses to run as root; then it runs as the user that its package made, or as nobody. */
const serverUser = (): Readonly<{ uid: number; gid: number }> | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string, user: string) =>
    Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }))
  for (const user of ['postgres', 'nobody'])
    try {
      return { uid: id('-u', user), gid: id('-g', user) }
    } catch {
      // there is no such user
    }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody')
}

const programs = await postgresqlPrograms()

/** A suite on a real server of its own. Where there are no programs of PostgreSQL it is skipped and says so. */
export const describePostgresql = (name: string, suite: (server: () => Postgresql) => void): void => {
  const lacking = programs === undefined ? ' (skipped: no initdb, pg_ctl and psql of a PostgreSQL server are here)' : ''
  describe.skipIf(programs === undefined)(`${name}${lacking}`, () => {
    let server: Postgresql
    beforeAll(async () => void (server = await startPostgresql(programs as string)), 60_000)
    afterAll(() => server.stop())
    suite(() => server)
  })
}
