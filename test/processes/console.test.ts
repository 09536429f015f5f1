import { describe, expect, test } from 'vitest'
import type { Flow, SessionView } from '../../src/http/console/shapes.js'
import { running, scratchFolder, streamvane, type Running } from '../support/streamvane.js'

const OURS = { 'x-streamvane-console': '1', 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

/** Signs in by the address that a process printed. */
const signedIn = async (run: Running) => {
  const address = new URL(/https?:\/\/\S+#code=[\w-]+/.exec(await run.said('console: open'))?.[0] ?? '')
  const body = JSON.stringify({ code: address.hash.replace('#code=', '') })
  const answer = await fetch(new URL('/v1/session', address), { method: 'POST', headers: OURS, body })
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const call = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, address), { ...init, headers: { ...OURS, cookie } })
  return { session: (await answer.json()) as SessionView, call }
}

/** The first event of the live stream. */
const flowOf = async ({ call }: Awaited<ReturnType<typeof signedIn>>): Promise<Flow> => {
  const hangUp = new AbortController()
  const answer = await call('/v1/tenants/default/live', { signal: hangUp.signal })
  let text = ''
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += part
    if (/^data: .*\n\n/m.test(text)) break
  }
  hangUp.abort()
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? '') as Flow
}

describe('streamvane console', () => {
  test('works over a folder beside the process that runs on it, and once that has stopped; it changes nothing', async () => {
    const data = await scratchFolder()
    const env = { STREAMVANE_DATA: data, STREAMVANE_EGRESS__SINK: 'files', STREAMVANE_ADMIN__PORT: '0' }
    const run = running(['run', '--console', '--port', '0'], env)
    const atRun = await signedIn(run)
    expect(atRun.session).toMatchObject({ kind: 'local', isReadOnly: false, roles: ['operator', 'auditor'] })
    expect((await flowOf(atRun)).mode).toBe('run')

    const beside = running(['console'], env)
    const looker = await signedIn(beside)
    expect(looker.session.isReadOnly).toBe(true)
    expect((await flowOf(looker)).stages.find(({ stage }) => stage === 'ingress')?.state).toBe('working')
    const refused = await looker.call('/v1/tenants/default/generations', { method: 'POST', body: '{}' })
    expect([refused.status, await refused.text()]).toEqual([409, expect.stringContaining('reads only')])

    run.kill('SIGTERM')
    await run.ended
    const alone = await flowOf(looker)
    expect(alone.mode).toBe('read-only')
    expect(alone.stages.find(({ stage }) => stage === 'ingress')?.state).toBe('idle')
    beside.kill('SIGTERM')
    await beside.ended
    // The code is for who started the command: the log of the process does not hold it.
    expect(
      run
        .stderr()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.includes('#code=')),
    ).toEqual([])
  })

  test('run --console --no-admin is refused, because the console is a part of the admin API', async () => {
    const { code, stderr } = await streamvane(['run', '--console', '--no-admin'], {
      env: { STREAMVANE_DATA: await scratchFolder() },
    })
    expect([code, stderr]).toEqual([2, expect.stringContaining('leave out --no-admin')])
  })
})
