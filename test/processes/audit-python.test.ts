import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { exportAudit } from '../../src/app/operations/audit/export-file.js'
import { FRAME, FrameDecoder, FrameEncoder, MAGIC, type Frame } from '../../src/audit/export/frames.js'
import { verifyExport } from '../../src/app/operations/audit/verify-export.js'
import { key, SealedLog, TENANT } from '../app/operations/audit/sealed-log.js'

const SCRIPT = join(import.meta.dirname, '../consumers/python/audit_verify.py')
const hasPython = spawnSync('python3', ['--version']).status === 0

let made: SealedLog[] = []
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

const python = (file: string): boolean => {
  const { status, stdout, stderr } = spawnSync('python3', [SCRIPT, file, key.verifier.text], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([status === 0 ? 0 : 5, ''])
  expect((JSON.parse(stdout) as { whole: boolean }).whole).toBe(status === 0)
  return status === 0
}

const ours = async (path: string): Promise<boolean> => {
  const { signal } = new AbortController()
  return (await verifyExport({ path, keys: [key.verifier], held: [], signal })).findings.length === 0
}

const exported = async (to?: number): Promise<string> => {
  const log = new SealedLog()
  made.push(log)
  await log.append(`${TENANT}.00.conversation-c`, 300)
  await log.seal()
  await log.append(`${TENANT}.01.user-u`, 20)
  await log.seal({ everyEvents: 7, now: () => Date.parse('2026-01-05T09:00:00Z') })
  await log.erase(`${TENANT}.01.user-u`)
  await log.seal({ now: () => Date.parse('2026-01-07T00:00:00Z') })
  const out = join(log.data, 'export.svaudit')
  const { signal } = new AbortController()
  const options = {
    logs: log.logs,
    tenant: TENANT,
    data: log.data,
    keys: [key.verifier],
    trees: undefined,
    out,
    signal,
  }
  await exportAudit({ ...options, from: undefined, to })
  return out
}

/** The same frames with some of them changed, and checksums made anew. */
const reframed = (
  file: string,
  change: (frames: readonly Frame[]) => readonly Pick<Frame, 'kind' | 'payload'>[],
): string => {
  const frames = new FrameDecoder().push(readFileSync(file)).filter((each): each is Frame => each.kind !== 'broken-off')
  const encoder = new FrameEncoder()
  const parts = change(frames.slice(0, -1)).map(({ kind, payload }) => encoder.encode(kind, payload))
  const count = Buffer.alloc(4)
  count.writeUInt32BE(encoder.frames)
  const out = `${file}.changed`
  writeFileSync(out, Buffer.concat([MAGIC, ...parts, encoder.encode(FRAME.end, count)]))
  return out
}

describe.skipIf(!hasPython)('a verifier in Python that follows the documented format alone', () => {
  test('finds an export whole, of all and of a range whose erasures are proved behind it', async () => {
    for (const file of [await exported(), await exported(Date.parse('2026-01-05T09:00:00Z'))])
      expect([await ours(file), python(file)]).toEqual([true, true])
  })

  test('agrees with ours on an export in which a byte was flipped', async () => {
    const file = await exported()
    const bytes = readFileSync(file)
    for (let nth = 0; nth < 12; nth++) {
      const changed = Buffer.from(bytes)
      changed[Math.floor((bytes.length * nth) / 12)]! ^= 1
      writeFileSync(`${file}.flipped`, changed)
      expect([nth, await ours(`${file}.flipped`), python(`${file}.flipped`)]).toEqual([nth, false, false])
    }
  })

  test('agrees with ours where a frame was left out and all checksums were made anew', async () => {
    const file = await exported(Date.parse('2026-01-05T09:00:00Z'))
    const count = new FrameDecoder().push(readFileSync(file)).length - 1
    for (let nth = 0; nth < count; nth++) {
      const changed = reframed(file, (frames) => frames.filter((_, index) => index !== nth))
      expect([nth, await ours(changed), python(changed)]).toEqual([nth, false, false])
    }
  })
})
