import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'

const MODULE = join(import.meta.dirname, '../../../src/cli/command/end-at-last.ts')

/** A program that has done its work, and of which a server still listens. */
const ended = async (work: string) => {
  const program = `
    import { createServer } from 'node:net'
    import { endAtLast } from ${JSON.stringify(MODULE)}
    createServer().listen(0, '127.0.0.1')
    ${work}
    endAtLast(1)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code: code as number | null }
}

test('a process whose work is done ends with its exit code though something is still open, and names that', async () => {
  expect(await ended('process.exitCode = 4')).toEqual({
    code: 4,
    stdout: '',
    stderr: expect.stringMatching(
      /everything is done; what a client library still holds open \(.*TCPServerWrap.*\) is dropped/,
    ),
  })
})

test('output that is still to be written is waited for', async () => {
  const { stdout } = await ended("process.stdout.write('x'.repeat(4_000_000))")
  expect(stdout).toHaveLength(4_000_000)
})
