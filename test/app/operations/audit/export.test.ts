import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { exportAudit } from '../../../../src/app/operations/audit/export-file.js'
import { NothingSigned } from '../../../../src/app/operations/audit/export.js'
import { decodeBlock, encodeBlock, encodeItem } from '../../../../src/audit/export/block.js'
import { FRAME, FrameDecoder, FrameEncoder, MAGIC, type Frame } from '../../../../src/audit/export/frames.js'
import { ExportVerifier, type ExportReport } from '../../../../src/audit/export/verify-export.js'
import type { Finding } from '../../../../src/audit/finding.js'
import type { SignedHead } from '../../../../src/audit/tree-head.js'
import { lawRuns } from '../../../support/law-runs.js'
import { key, otherKey, SealedLog, TENANT } from './sealed-log.js'

const conversation = `${TENANT}.00.conversation-c`
const user = `${TENANT}.01.user-u`

let made: SealedLog[] = []
afterEach(() => {
  for (const log of made) log.close()
  made = []
})

const sealedLog = async (sizes: readonly number[] = [3, 4, 5]): Promise<SealedLog> => {
  const log = new SealedLog()
  made.push(log)
  for (const [nth, size] of sizes.entries()) {
    await log.append(nth % 2 === 0 ? conversation : user, size)
    await log.seal({ now: () => Date.parse('2026-01-05T08:00:00Z') + nth * 60_000 })
  }
  return log
}

const exported = async (log: SealedLog, range: Readonly<{ from?: number; to?: number }> = {}): Promise<Buffer> => {
  const out = join(log.data, `export-${Math.random()}`)
  await exportAudit({
    ...{ logs: log.logs, tenant: TENANT, data: log.data, keys: [key.verifier], trees: undefined, out },
    ...{ from: range.from, to: range.to, signal: new AbortController().signal },
  })
  return readFileSync(out)
}

const verified = (bytes: Uint8Array, keys = [key.verifier], held: readonly SignedHead[] = []): ExportReport => {
  const decoder = new FrameDecoder()
  const verifier = new ExportVerifier(keys, held)
  for (const frame of decoder.push(bytes)) verifier.take(frame)
  return verifier.end(decoder.end())
}

const framesOf = (bytes: Uint8Array): readonly Frame[] =>
  new FrameDecoder().push(bytes).filter((frame): frame is Frame => frame.kind !== 'broken-off')

/** An export whose framing was made anew, as one who wants to deceive would do. */
const framed = (frames: readonly Readonly<{ kind: number; payload: Uint8Array }>[]): Buffer => {
  const encoder = new FrameEncoder()
  const parts = frames.slice(0, -1).map(({ kind, payload }) => encoder.encode(kind, payload))
  const count = Buffer.alloc(4)
  count.writeUInt32BE(encoder.frames)
  return Buffer.concat([MAGIC, ...parts, encoder.encode(FRAME.end, count)])
}

/** The first block with its items changed; the signed hashes stay as they are. */
const withItems = (bytes: Buffer, change: (items: Buffer[]) => Buffer[], log: readonly Buffer[]): Buffer =>
  framed(
    framesOf(bytes).map((frame) => {
      if (frame.kind !== FRAME.block) return frame
      const block = decodeBlock(frame.payload)!
      const items = log.slice(block.first, block.first + block.hashes.length)
      return { kind: frame.kind, payload: encodeBlock(block.first, block.hashes, change([...items])) }
    }),
  )

const itemsOf = async (log: SealedLog): Promise<readonly Buffer[]> =>
  (await log.events()).map((event) => encodeItem({ event }))

const kindsOf = (findings: readonly Finding[]): readonly unknown[] =>
  findings.map((finding) => ('leaf' in finding ? [finding.kind, finding.leaf] : [finding.kind]))

describe('an export', () => {
  test('is whole with nothing but its bytes and the verifier key', async () => {
    const log = await sealedLog()
    expect(verified(await exported(log))).toMatchObject({
      ...{ findings: [], leaves: 12 },
      trees: [{ tree: 'raw', from: 0, to: 12, heads: 3, erasures: [] }],
    })
  })

  test('of a range goes from the last head before it through the first head after it', async () => {
    const log = await sealedLog([3, 4, 5, 2])
    const at = (minute: number): number => Date.parse('2026-01-05T08:00:00Z') + minute * 60_000
    const range = await exported(log, { from: at(0.5), to: at(1.5) })
    expect(verified(range)).toMatchObject({ findings: [], trees: [{ from: 3, to: 12, heads: 3 }] })
    await expect(exported(log, { from: at(10) })).rejects.toBeInstanceOf(NothingSigned)
  })

  test('made without the kept hashes has the same bytes', async () => {
    const log = await sealedLog()
    const before = await exported(log)
    log.loseHashes()
    expect(await exported(log)).toEqual(before)
  })

  test('is not that of another key', async () => {
    const { findings } = verified(await exported(await sealedLog()), [otherKey.verifier])
    expect(findings.length).toBeGreaterThan(0)
    expect(findings.every(({ kind }) => kind === 'head')).toBe(true)
  })

  test('tells what was erased, as recorded, also where the record lies behind the range', async () => {
    const log = await sealedLog()
    await log.erase(user)
    await log.seal()
    const erasures = [{ stream: user, leaves: 4, at: '2026-01-06T00:00:00.000Z' }]
    expect(verified(await exported(log))).toMatchObject({ findings: [], trees: [{ erasures }] })
    const range = await exported(log, { to: Date.parse('2026-01-05T08:01:00Z') })
    expect(verified(range)).toMatchObject({ findings: [], trees: [{ to: 7, erasures }] })
    const without = framed(framesOf(range).filter(({ kind }) => kind !== FRAME.proof))
    expect(verified(without).findings).toMatchObject([{ kind: 'unrecorded-erasure', leaf: 3, stream: user }])
  })

  test('of a log that was changed shows where', async () => {
    const log = await sealedLog()
    log.tampering = (event) => (event.stream === user && event.revision === 2 ? [] : [event])
    expect(verified(await exported(log)).findings).toMatchObject([{ kind: 'missing', tree: 'raw', leaf: 5 }])
  })
})

describe('in an export is found and located', () => {
  test('a flip of any bit of any byte, at the frame that holds it', async () => {
    const bytes = await exported(await sealedLog([2, 2]))
    for (let offset = 0; offset < bytes.length; offset++) {
      const flipped = Buffer.from(bytes)
      flipped[offset]! ^= 1 << ((offset * 7) % 8)
      const { findings } = verified(flipped)
      const isCovered = findings.some(
        (finding) => finding.kind === 'framing' && finding.offset <= offset && offset < finding.offset + finding.bytes,
      )
      expect([offset, isCovered]).toEqual([offset, true])
    }
  })

  test('a byte that is left out or added anywhere, and an end that is cut off anywhere', async () => {
    const bytes = await exported(await sealedLog([2, 2]))
    for (let offset = 0; offset < bytes.length; offset++) {
      const without = Buffer.concat([bytes.subarray(0, offset), bytes.subarray(offset + 1)])
      const added = Buffer.concat([bytes.subarray(0, offset), Buffer.of(0x41), bytes.subarray(offset)])
      for (const changed of [without, added, bytes.subarray(0, offset)]) {
        // Of equal bytes side by side it makes no difference which is left out or added.
        let first = offset
        while (first < changed.length && changed[first] === bytes[first]) first++
        const framing = verified(changed).findings.find(({ kind }) => kind === 'framing')
        expect([offset, framing?.kind]).toEqual([offset, 'framing'])
        expect(framing).toHaveProperty(
          'offset',
          expect.toSatisfy((found: number) => found <= first),
        )
      }
    }
    expect(verified(Buffer.concat([bytes, Buffer.from('x')])).findings).toMatchObject([
      { kind: 'framing', offset: bytes.length },
    ])
  })

  test('an event that was changed, removed, added or swapped, although all checksums were made anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('change', 'remove', 'add', 'swap'),
        fc.nat(),
        async (sizes, planted, random) => {
          const log = await sealedLog(sizes)
          const items = await itemsOf(log)
          const leaf = random % items.length
          if (planted === 'swap' && leaf + 1 >= items.length) return
          const bytes = withItems(
            await exported(log),
            (some) => {
              if (planted === 'change') some[leaf]![some[leaf]!.length - 2]! ^= 1
              else if (planted === 'remove') some.splice(leaf, 1)
              else if (planted === 'add')
                some.splice(leaf, 0, Buffer.from(some[leaf]!.map((b, i, all) => (i === all.length - 1 ? b ^ 1 : b))))
              else some.splice(leaf, 2, some[leaf + 1]!, some[leaf]!)
              return some
            },
            items.map((item) => Buffer.from(item)),
          )
          const wanted = {
            change: [['changed', leaf]],
            remove: [['missing', leaf]],
            add: [['added', leaf]],
            swap: [
              ['missing', leaf],
              ['added', leaf + 2],
            ],
          }
          expect(kindsOf(verified(bytes).findings)).toEqual(wanted[planted])
        },
      ),
      lawRuns(40),
    )
  })

  test('leaves whose events and hashes were both made anew, between the heads around them', async () => {
    const log = await sealedLog()
    // The same to leaf 7, which is under the second head of the one.
    const other = await sealedLog([3, 5, 4])
    const [frames, others] = [framesOf(await exported(log)), framesOf(await exported(other))]
    const mixed = frames.map((frame, nth) => (frame.kind === FRAME.block ? others[nth]! : frame))
    expect(verified(framed(mixed)).findings[0]).toMatchObject({ kind: 'stretch', tree: 'raw', from: 7, to: 12 })
  })

  test('a head that was left out, one of another log, and one whose text was changed', async () => {
    const log = await sealedLog()
    const frames = framesOf(await exported(log))
    const heads = frames.filter(({ kind }) => kind === FRAME.head)
    for (const head of heads) {
      const { findings } = verified(framed(frames.filter((frame) => frame !== head)))
      expect(findings[0]).toMatchObject({ kind: 'head', tree: 'raw' })
      const changed = Buffer.from(head.payload.toString('utf8').replace('at 2026', 'at 2025'))
      const forged = framed(frames.map((frame) => (frame === head ? { ...frame, payload: changed } : frame)))
      expect(verified(forged).findings[0]).toMatchObject({ kind: 'head', what: expect.stringContaining('signature') })
    }
    const foreign = framesOf(await exported(await sealedLog())).find(({ kind }) => kind === FRAME.head)!
    const mixed = framed(frames.map((frame) => (frame === heads[1] ? foreign : frame)))
    expect(verified(mixed).findings[0]).toMatchObject({ kind: 'head', what: expect.stringContaining('another tree') })
  })

  test('a manifest that says something else', async () => {
    const frames = framesOf(await exported(await sealedLog()))
    const text = frames[0]!.payload.toString('utf8')
    for (const [from, to] of [
      ['"to":12', '"to":11'],
      ['"to":12', '"to":13'],
      ['"from":0', '"from":1'],
      ['"tree":"raw"', '"tree":"kpi-g1"'],
      ['streamvane/acme', 'streamvane/other'],
      ['{"format"', '{ "format"'],
    ] as const) {
      const changed = framed([
        { kind: FRAME.manifest, payload: Buffer.from(text.replace(from, to)) },
        ...frames.slice(1),
      ])
      expect([to, verified(changed).findings.length > 0]).toEqual([to, true])
    }
  })

  test('an end that was cut off at an earlier head, by a head that was kept elsewhere', async () => {
    const log = await sealedLog()
    const short = await exported(log, { to: Date.parse('2026-01-05T08:01:00Z') })
    await log.append(conversation, 1)
    const [kept] = await log.seal()
    expect(verified(short).findings).toEqual([])
    expect(verified(short, [key.verifier], [kept!]).findings).toMatchObject([{ kind: 'head', size: 13 }])
    expect(verified(await exported(log), [key.verifier], [kept!]).findings).toEqual([])
  })

  test('a history that was written and signed anew, by a head that was kept elsewhere', async () => {
    const log = await sealedLog()
    const [kept] = (await log.append(conversation, 1), await log.seal())
    const forked = { ...kept!, root: kept!.root.map((byte) => byte ^ 1) }
    expect(verified(await exported(log), [key.verifier], [forked]).findings).toMatchObject([{ kind: 'head', size: 13 }])
  })
})

test('a file that is no export is said to be none', async () => {
  const log = await sealedLog()
  writeFileSync(join(log.data, 'x'), 'hello')
  expect(verified(Buffer.from('hello')).findings).toMatchObject([{ kind: 'framing', offset: 0 }])
  expect(verified(Buffer.alloc(0)).findings).toMatchObject([{ kind: 'framing', offset: 0 }])
})
