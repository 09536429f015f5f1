import { spawnSync } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeArguments } from '../support/command/arguments.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

const isThere = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined

/** A folder with the script, a program `streamvane` for the path, and a configuration with two sinks. */
const prepared = async (shell: 'bash' | 'zsh' | 'fish') => {
  const dir = await scratchFolder()
  const { code, stdout } = await streamvane(['completion', shell])
  expect(code).toBe(0)
  const script = join(dir, `completion.${shell}`)
  await writeFile(script, stdout)
  await mkdir(join(dir, 'bin'))
  await writeFile(
    join(dir, 'bin/streamvane'),
    `#!/bin/sh\nexec ${[process.execPath, ...nodeArguments()].map((each) => `"${each}"`).join(' ')} "$@"\n`,
  )
  await chmod(join(dir, 'bin/streamvane'), 0o755)
  const config = join(dir, 'streamvane.yaml')
  await writeFile(config, 'egress: { sinks: [{ name: warehouse, use: files }, { name: archive, use: files }] }\n')
  const env = {
    ...process.env,
    ...{ PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`, STREAMVANE_CONFIG: config, STREAMVANE_DATA: dir },
  }
  return { dir, script, env }
}

describe.skipIf(!isThere('bash'))('in bash', () => {
  test('commands, options, choices, files and values that are looked up are completed', async () => {
    const { dir, script, env } = await prepared('bash')
    const completed = (...words: readonly string[]): readonly string[] => {
      const line = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamvane; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['-c', line, 'bash', script, 'streamvane', ...words], { env })
      expect(String(stderr)).toBe('')
      return String(stdout)
        .split('\n')
        .filter((word) => word !== '')
    }
    expect(completed('ro')).toEqual(['rows'])
    expect(completed('topics', '')).toEqual(expect.arrayContaining(['apply', 'check', 'asyncapi']))
    expect(completed('topics', 'apply', '--dry')).toEqual(['--dry-run'])
    expect(completed('rows', '--family', 'agent-')).toEqual(['agent-state', 'agent-occupancy'])
    expect(completed('rows', '--json', '--granularity', 'P')).toContain('P1D')
    expect(completed('rows', '--from', '')).toEqual([])
    expect(completed('import', `${dir}/stream`)).toEqual([join(dir, 'streamvane.yaml')])
    expect(completed('replay', '--sink', '')).toEqual(['warehouse', 'archive'])
    expect(completed('rows', '--generation', '')).toEqual([]) // nothing was computed here
  })
})

describe.skipIf(!isThere('fish'))('in fish', () => {
  test('commands, choices and values that are looked up are completed', async () => {
    const { script, env } = await prepared('fish')
    const completed = (line: string): string => {
      const { stdout, stderr } = spawnSync('fish', ['-c', `source '${script}'; complete -C '${line}'`], { env })
      expect(String(stderr)).toBe('')
      return String(stdout)
    }
    expect(completed('streamvane rows --family agent-')).toMatch(/^agent-occupancy.*\nagent-state/)
    expect(completed('streamvane topics app')).toMatch(/^apply\t/)
    expect(completed('streamvane replay --sink ')).toMatch(/^archive.*\nwarehouse/)
  })
})

test.skipIf(!isThere('zsh'))('the script for zsh is sound', async () => {
  const { script, env } = await prepared('zsh')
  expect(String(spawnSync('zsh', ['-n', script], { env }).stderr)).toBe('')
})
