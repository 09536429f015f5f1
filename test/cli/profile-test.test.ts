import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { profileCommand } from '../../src/cli/profile.js'
import { scratchFolder } from '../support/streamvane.js'

const examples = join(import.meta.dirname, '../../examples/profiles')

/** Runs the command in this process: it opens no log. */
const tested = async (...args: readonly string[]): Promise<Readonly<{ code: number; stdout: string }>> => {
  const lines: string[] = []
  const log = vi.spyOn(console, 'log').mockImplementation((line: unknown) => void lines.push(String(line)))
  try {
    await profileCommand().parseAsync(['test', ...args], { from: 'user' })
    return { code: Number(process.exitCode ?? 0), stdout: lines.join('\n') }
  } finally {
    process.exitCode = 0
    log.mockRestore()
  }
}

test('profile test prints what passed, and of what failed the difference and the explanation; it ends with code 5', async () => {
  const example = join(examples, 'outsourcer.test.yaml')
  const good = await tested(example)
  expect(good.code).toBe(0)
  expect(good.stdout).toMatch(/outsourcer\.test\.yaml\n {2}✓ occupancy is .*\n3 passed, 0 failed$/s)

  const folder = await scratchFolder()
  const wrong = join(folder, 'wrong.test.yaml')
  const text = await readFile(example, 'utf8')
  await writeFile(wrong, text.replace('aht: 6.5min', 'aht: 7min'))
  await writeFile(join(folder, 'outsourcer.yaml'), await readFile(join(examples, 'outsourcer.yaml')))
  const junit = join(folder, 'junit.xml')
  const bad = await tested(wrong, '--junit', junit)
  expect(bad.code).toBe(5)
  expect(bad.stdout).toMatch(
    / {2}✗ handle time counts .*\n.*\n +aht: expected 420000, was 390000 \(780000\/2\)\n\n +agent .*Asia\/Kolkata/,
  )
  expect(bad.stdout).toMatch(/tHandle\.sum \/ tHandle\.count\n += 780000 \/ 2 .*09:14:00 +240,000/s)
  expect(bad.stdout).toMatch(/\n2 passed, 1 failed$/)
  expect(await readFile(junit, 'utf8')).toContain('<testsuites tests="3" failures="1"')

  const json = JSON.parse((await tested(wrong, '--json')).stdout) as {
    tests: { passed: boolean; failures: unknown[] }[]
  }[]
  expect(json[0]?.tests.map(({ passed }) => passed)).toEqual([true, false, true])
  expect(json[0]?.tests[1]?.failures).toMatchObject([
    { place: 'tests[1].expect[0]', kind: 'different', differences: [{ what: 'aht', expected: '420000' }] },
  ])
})
