import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/cli/command/exit.js'
import { tokenOf } from '../../src/cli/command/token.js'
import { served } from '../http/served.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

const token = 'a-token-of-some-length'
const warnings = (): Readonly<{ all: string[]; warn: (message: string) => void }> => {
  const all: string[] = []
  return { all, warn: (message) => void all.push(message) }
}

test('a token comes out of its file, without the line feed at its end, and else out of the configuration', async () => {
  const { all, warn } = warnings()
  const file = join(await scratchFolder(), 'token')
  for (const [content, expected] of [
    [token, token],
    [`${token}\n`, token],
    [`${token}\r\n`, token],
  ] as const) {
    writeFileSync(file, content)
    expect(tokenOf({ tokenFile: file }, 'configured', warn)).toBe(expected)
  }
  expect(tokenOf({}, 'configured', warn)).toBe('configured')
  expect(tokenOf({}, undefined, warn)).toBeUndefined()
  expect(all).toEqual([])
})

test('a token on the command line is taken with a warning that names the other ways and not the token', () => {
  const { all, warn } = warnings()
  expect(tokenOf({ token }, 'configured', warn)).toBe(token)
  expect(all).toEqual([expect.stringMatching(/deprecated.*STREAMVANE_INGRESS__TOKEN or --token-file/)])
  expect(all[0]).not.toContain(token)
})

test('a token file that is missing or empty is wrong usage', async () => {
  const dir = await scratchFolder()
  writeFileSync(join(dir, 'empty'), '\n')
  const { warn } = warnings()
  expect(() => tokenOf({ tokenFile: join(dir, 'missing') }, undefined, warn)).toThrow(UsageError)
  expect(() => tokenOf({ tokenFile: join(dir, 'empty') }, undefined, warn)).toThrow(/empty is empty/)
  expect(() => tokenOf({ token, tokenFile: 'x' }, undefined, warn)).toThrow(/given both/)
})

test('simulate posts with the token of a file or of the environment, and neither is on its command line', async () => {
  const dir = await scratchFolder()
  const { url, log } = await served({ token })
  const file = join(dir, 'token')
  writeFileSync(file, `${token}\n`)
  const simulate = ['simulate', '--hours', '0.02', '--queues', '1', '--agents', '2', '--post', url]
  const data = { STREAMVANE_DATA: join(dir, 'data') }
  const byFile = await streamvane([...simulate, '--token-file', file], { env: data })
  expect(byFile).toMatchObject({ code: 0, stderr: expect.not.stringContaining('deprecated') as string })
  expect(await log.head()).toBeDefined()
  const byEnvironment = await streamvane(simulate, { env: { ...data, STREAMVANE_INGRESS__TOKEN: token } })
  expect(byEnvironment.code).toBe(0)
  const refused = await streamvane(simulate, { env: data })
  expect(refused.code).not.toBe(0)
}, 60_000)
