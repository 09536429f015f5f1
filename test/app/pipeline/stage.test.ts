import { describe, expect, test } from 'vitest'
import { PauseGate } from '../../../src/app/pipeline/pause-gate.js'
import { startStage, type StageControl, type StageEnd, type StageState } from '../../../src/app/pipeline/stage.js'

/** A stage whose work is a series of steps that the test lets begin and end. */
const stepping = () => {
  const states: StageState[] = []
  const outer = new AbortController()
  const log: string[] = []
  let wake: (() => void) | undefined
  let finish: (() => void) | undefined
  const begun: (() => void)[] = []
  const work = async ({ signal, gate, started }: StageControl): Promise<StageEnd> => {
    started()
    for (let step = 1; !signal.aborted; step++) {
      await new Promise<void>((resolve) => {
        wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      if (signal.aborted) break
      await gate.step(signal, async () => {
        log.push(`begin ${step}`)
        begun.splice(0).forEach((resolve) => resolve())
        await new Promise<void>((resolve) => (finish = resolve))
        log.push(`end ${step}`)
      })
    }
    return { kind: 'stopped' }
  }
  const stage = startStage({
    name: 'test',
    signal: outer.signal,
    now: () => 0,
    onState: (state) => states.push(state),
    work,
  })
  return {
    stage,
    log,
    outer,
    kinds: () => states.map(({ kind }) => kind),
    /** Gives the stage something to do. */
    next: () => wake?.(),
    whenBegun: () => new Promise<void>((resolve) => begun.push(resolve)),
    finish: () => finish?.(),
  }
}

describe('a stage', () => {
  test('that is paused in the middle of a step finishes it first, then holds; resumed, it goes on', async () => {
    const { stage, log, next, whenBegun, finish, kinds } = stepping()
    next()
    await whenBegun()
    const paused = stage.pause()
    expect(stage.state()).toEqual({ kind: 'running' })
    finish()
    await paused
    expect(stage.state()).toEqual({ kind: 'paused' })
    next()
    expect(log).toEqual(['begin 1', 'end 1'])
    const second = whenBegun()
    stage.resume()
    expect(stage.state()).toEqual({ kind: 'running' })
    next()
    await second
    finish()
    expect(await stage.stop()).toEqual({ kind: 'stopped' })
    expect(kinds()).toEqual(['starting', 'running', 'paused', 'running', 'stopping', 'ended'])
  })

  test('that is paused while it has nothing to do holds at once, and is stopped while it holds', async () => {
    const { stage, kinds } = stepping()
    await stage.pause()
    expect(stage.state()).toEqual({ kind: 'paused' })
    expect(await stage.stop()).toEqual({ kind: 'stopped' })
    expect(kinds()).toEqual(['starting', 'running', 'paused', 'stopping', 'ended'])
  })

  test('whose step waits at a closed gate is stopped without beginning it', async () => {
    const { stage, log, next } = stepping()
    await stage.pause()
    next()
    expect(await stage.stop()).toEqual({ kind: 'stopped' })
    expect(log).toEqual([])
  })

  test('that is resumed before its step ends was never paused', async () => {
    const { stage, next, whenBegun, finish } = stepping()
    next()
    await whenBegun()
    const pausing = stage.pause()
    stage.resume()
    await pausing
    expect(stage.state()).toEqual({ kind: 'running' })
    finish()
    await stage.stop()
  })

  test('whose process is told to stop stops; a pause after its end resolves', async () => {
    const { stage, outer } = stepping()
    outer.abort()
    expect(await stage.ended).toEqual({ kind: 'stopped' })
    await stage.pause()
    expect(stage.state()).toEqual({ kind: 'ended', end: { kind: 'stopped' } })
  })

  test('that throws ends as failed with what it threw; while it stops, as stopped', async () => {
    const cause = new Error('broken')
    const start = (work: (control: StageControl) => Promise<StageEnd>) =>
      startStage({ name: 'test', signal: new AbortController().signal, now: () => 0, onState: () => undefined, work })
    expect(await start(() => Promise.reject(cause)).ended).toEqual({ kind: 'failed', cause })
    const stopping = start(async ({ signal }) => {
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(cause)))
      return { kind: 'caught-up' }
    })
    expect(await stopping.stop()).toEqual({ kind: 'stopped' })
  })
})

test('a gate is closed only once the work that it tracks is finished, also beside its steps', async () => {
  const gate = new PauseGate()
  let land!: () => void
  const landed: string[] = []
  const inFlight = gate.track(new Promise<void>((resolve) => (land = resolve)).then(() => void landed.push('landed')))
  const closed = gate.close().then(() => landed.push('closed'))
  land()
  await Promise.all([inFlight, closed])
  expect(landed).toEqual(['landed', 'closed'])
})
