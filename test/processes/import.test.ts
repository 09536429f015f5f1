import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bodies, eventBridge } from '../ingress/envelopes.js'
import { scratchFolder, streamvane } from '../support/streamvane.js'

const { template, id, body } = bodies.metrics
const good = JSON.stringify(eventBridge(template, id, body))
/** Clears the screen of whoever prints it. */
const hostile = `{"topicName":"v2.\\u001b[2J\\u0000\\u009b31m","eventBody":{}}`

const folder = async () => {
  const dir = await scratchFolder()
  const env = { STREAMVANE_DATA: join(dir, 'data') }
  const ran = (args: readonly string[], stdin = '') => streamvane(args, { env, stdin })
  return { dir, ran }
}

test('an import in which nothing could be used ends with 5; with something usable it ends with 0', async () => {
  const { ran } = await folder()
  expect(await ran(['import', '-'], 'nonsense\nmore\n')).toMatchObject({
    code: 5,
    stdout: '0 stored, 0 duplicate, 2 dead-lettered\n',
  })
  expect(await ran(['import', '--dry-run', '-'], 'nonsense\n')).toMatchObject({ code: 5 })
  expect(await ran(['import', '-'], `\nnonsense\n${good}\n`)).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('-:2: malformed-json') as string,
  })
  expect(await ran(['import', '-'], `${good}\nnonsense\n`)).toMatchObject({
    code: 0,
    stdout: '0 stored, 1 duplicate, 1 dead-lettered\n',
  })
}, 60_000)

test('a file that ends early is imported up to there and ends with 5', async () => {
  const { dir, ran } = await folder()
  const file = join(dir, 'cut.json')
  await writeFile(file, `[${good},`)
  const { code, stdout, stderr } = await ran(['import', file])
  expect([code, stdout]).toEqual([5, '1 stored, 0 duplicate, 0 dead-lettered\n'])
  expect(stderr).toContain(`${file} is incomplete: it ends before its last bracket is closed`)
}, 60_000)

test('a file in another encoding is refused in one line, with --dry-run too', async () => {
  const { dir, ran } = await folder()
  const file = join(dir, 'events.ndjson')
  await writeFile(file, Buffer.from(`\ufeff${good}\n`, 'utf16le'))
  for (const flags of [[], ['--dry-run']]) {
    const { code, stdout, stderr } = await ran(['import', ...flags, file])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`cannot read ${file}: it is UTF-16`)
    expect(stderr).not.toMatch(/^ +at /m)
  }
}, 60_000)

test('a folder is refused in one line, before anything is opened', async () => {
  const { dir, ran } = await folder()
  await mkdir(join(dir, 'events'))
  const { code, stdout, stderr } = await ran(['import', join(dir, 'events')])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('it is a folder; name the files in it')
  expect(stderr).not.toMatch(/EISDIR|^ +at /m)
}, 60_000)

test('control characters of foreign text are escaped wherever they are printed', async () => {
  const { ran } = await folder()
  const counted = JSON.stringify(eventBridge(template, id, { ...body, queueId: 'sales\u001b[2J\u009b31m' }))
  const imported = await ran(['import', '-'], `${counted}\n${hostile}\n\u001b]0;title\u0007\n`)
  expect((await ran(['run', '--until-caught-up'])).code).toBe(0)
  const rows = await ran(['rows', '--family', 'queue'])
  expect(rows.stdout).toContain('sales\\u001b[2J\\u009b31m')
  const previewed = await ran(['import', '--dry-run', '-'], hostile)
  const listed = await ran(['deadletter', 'list'])
  const listedAsJson = await ran(['deadletter', 'list', '--json'])
  const letter = JSON.parse(listedAsJson.stdout.split('\n')[0] ?? '') as { id: string }
  const shown = await ran(['deadletter', 'show', letter.id])
  expect(imported.stderr).toContain('\\u001b[2J\\u0000\\u009b31m')
  expect(shown.stdout).toContain('\\u001b')
  for (const { stdout, stderr } of [imported, rows, previewed, listed, listedAsJson, shown])
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
}, 60_000)
