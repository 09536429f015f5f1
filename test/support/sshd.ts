import { spawn, execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe } from 'vitest'

const run = promisify(execFile)

export type Sshd = Readonly<{
  port: number
  username: string
  /** Private key of a user that it lets in, in a file. */
  privateKeyFile: string
  /** Fingerprint of its host key as `ssh-keygen` prints it. */
  hostKey: string
  /** Folder in which files land. */
  dir: string
  /** Ends it with everything that it serves, and starts it again after `work`. */
  crash: (work?: () => Promise<void>) => Promise<void>
  stop: () => Promise<void>
}>

const found = (program: string, ...more: readonly string[]): string | undefined =>
  [...more, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
    .map((dir) => join(dir, program))
    .find((path) => existsSync(path))

const programs = {
  sshd: found('sshd'),
  keygen: found('ssh-keygen'),
  sftp: found('sftp-server', '/usr/lib/openssh', '/usr/libexec/openssh', '/usr/lib/ssh'),
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** A real OpenSSH server with configuration, host key and user key of its own, at a free port of this machine. */
const startSshd = async (): Promise<Sshd> => {
  const home = await mkdtemp(join(tmpdir(), 'streamvane-sshd-'))
  const [hostKeyFile, privateKeyFile, dir] = [join(home, 'host'), join(home, 'user'), join(home, 'incoming')]
  await mkdir(dir)
  for (const file of [hostKeyFile, privateKeyFile])
    await run(programs.keygen!, ['-q', '-t', 'ed25519', '-N', '', '-f', file])
  await writeFile(join(home, 'authorized_keys'), await readFile(`${privateKeyFile}.pub`), { mode: 0o600 })
  const port = await freePort()
  const config = join(home, 'sshd_config')
  await writeFile(
    config,
    [
      ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKeyFile}`, `PidFile ${join(home, 'pid')}`],
      ...[`AuthorizedKeysFile ${join(home, 'authorized_keys')}`, 'PasswordAuthentication no', 'UsePAM no'],
      ...['StrictModes no', 'PermitRootLogin prohibit-password', `Subsystem sftp ${programs.sftp!}`, ''],
    ].join('\n'),
  )
  // Debian's server wants this folder for its unprivileged part.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 })
  let server: ChildProcess
  const start = async (): Promise<void> => {
    // A process group of its own: connections are served by children, which must die with it.
    server = spawn(programs.sshd!, ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    let said = ''
    for await (const chunk of server.stderr!) if ((said += String(chunk)).includes('Server listening')) break
    if (!said.includes('Server listening')) throw new Error(`sshd does not start: ${said}`)
    server.stderr!.resume()
  }
  const kill = async (): Promise<void> => {
    const ended = once(server, 'exit')
    process.kill(-server.pid!, 'SIGKILL')
    await ended
  }
  await start()
  const { stdout } = await run(programs.keygen!, ['-lf', `${hostKeyFile}.pub`])
  return {
    ...{ port, username: userInfo().username, privateKeyFile, dir },
    hostKey: stdout.split(' ')[1] ?? '',
    crash: async (work = () => Promise.resolve()) => {
      await kill()
      await work()
      await start()
    },
    stop: async () => {
      await kill()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** A suite with a real OpenSSH server. Where there is none it is skipped and says so. */
export const describeSshd = (name: string, suite: (server: () => Sshd) => void): void => {
  const isLacking = Object.values(programs).some((program) => program === undefined)
  const lacking = isLacking ? ' (skipped: no sshd, ssh-keygen and sftp-server of OpenSSH are here)' : ''
  describe.skipIf(isLacking)(`${name}${lacking}`, () => {
    let server: Sshd
    beforeAll(async () => void (server = await startSshd()), 60_000)
    afterAll(() => server.stop())
    suite(() => server)
  })
}
