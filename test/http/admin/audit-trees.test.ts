import { expect, test } from 'vitest'
import { z } from 'zod'
import { verifyProof } from '../../../src/app/operations/audit/verify-proof.js'
import { ExportVerifier } from '../../../src/audit/export/verify-export.js'
import { FrameDecoder } from '../../../src/audit/export/frames.js'
import { signerKeyOf } from '../../../src/audit/note.js'
import { download } from '../../../src/http/admin/operation.js'
import { firstEvent } from './example-calls.js'
import { computedLog, endedJob, servedAdmin } from './served-admin.js'

/** The key of `startedAdmin`. */
const keys = [signerKeyOf('acme.example/streamvane', new Uint8Array(32).fill(7)).signer.verifier]

test('an auditor downloads what an operator had sealed and verifies it with nothing else, as he does a proof', async () => {
  const log = await computedLog('acme')
  const served = await servedAdmin({ log })
  const { call, tokens } = served
  const done = async (path: string, token: string, body: object = {}): Promise<Record<string, unknown>> => {
    const job = await endedJob(served, await call(path, { method: 'POST', token, body }), token)
    return { ...(job['result'] as object), problem: job['problem'] }
  }
  const before = await call('/audit/export', { token: tokens.auditor })
  expect([before.status, await before.json()]).toMatchObject([404, { status: 404 }])
  expect(await done('/audit/heads', tokens.operator, { restart: ['raw'] })).toMatchObject({ problem: { status: 422 } })

  const { heads } = (await done('/audit/heads', tokens.operator)) as { heads: { origin: string; size: number }[] }
  const events = heads.reduce((sum, { size }) => sum + size, 0)
  expect(events).toBeGreaterThan(100)
  expect(await done('/audit/verifications', tokens.auditor)).toMatchObject({ whole: true, findings: [] })

  const exported = await call('/audit/export', { token: tokens.auditor })
  const decoder = new FrameDecoder()
  const verifier = new ExportVerifier(keys, [])
  for await (const bytes of exported.body ?? []) for (const frame of decoder.push(bytes)) verifier.take(frame)
  expect(verifier.end(decoder.end())).toMatchObject({ findings: [], leaves: events })

  const { proof } = await done('/audit/proofs', tokens.auditor, { event: await firstEvent(log) })
  expect(verifyProof(String(proof), keys)).toMatchObject({ kind: 'event', fault: null })
  const none = await done('/audit/proofs', tokens.auditor, { event: 999_999 })
  expect(none).toMatchObject({ problem: { status: 404 } })
})

test('a download waits for whoever takes it slowly, and breaks off where it fails in the middle', async () => {
  let written = 0
  const broken = download({
    ...{ id: 'broken', method: 'GET', path: '/broken', access: 'figures', summary: 'breaks', input: z.object({}) },
    ...{ contentType: 'application/octet-stream', fileName: () => 'broken' },
    run: async (_, __, write) => {
      for (; written < 100; written++) await write(Buffer.alloc(1024 * 1024))
      throw new Error('the disk is gone')
    },
  })
  const { call, tokens } = await servedAdmin({ operations: [broken] })
  const answer = await call('/broken', { token: tokens.viewer })
  const reader = answer.body?.getReader()
  await reader?.read()
  expect(answer.status).toBe(200)
  expect(written).toBeLessThan(50)
  const rest = async (): Promise<void> => {
    while ((await reader?.read())?.done === false);
  }
  await expect(rest()).rejects.toThrow()
  expect(written).toBe(100)
})
