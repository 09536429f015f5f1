import { z } from 'zod'
import { clockReport } from '../../../app/operations/clock.js'
import { healthOf, type StageHealth } from '../../../app/pipeline/health.js'
import type { StageHandle } from '../../../app/pipeline/stage.js'
import { ProblemError } from '../answers/problem.js'
import { answer, type Call, type Operation } from '../operation.js'
import { at, isoOf } from './schemas.js'

const stageSchema = z.object({
  name: z.string(),
  ...{ state: z.enum(['starting', 'running', 'paused', 'stopping', 'ended']), end: z.string().optional(), since: at },
  troubles: z.array(z.object({ trouble: z.string(), since: at })),
  alarms: z.array(z.object({ alarm: z.string(), since: at })),
  behindMs: z.number(),
  figures: z.record(z.string(), z.number()).optional(),
  details: z.record(z.string(), z.string()).optional(),
  sources: z
    .record(
      z.string(),
      z.object({
        ...{ state: z.enum(['connecting', 'connected', 'paused', 'ended']), since: at },
        lag: z.object({ events: z.number().optional(), seconds: z.number().optional() }).optional(),
        problem: z.string().optional().describe('the last one, also after it has passed'),
      }),
    )
    .optional()
    .describe('the sources of an ingress that read from other systems'),
})

const stagesOf = ({ stages, logs, now }: Call) => {
  const handles = stages()
  const report = healthOf(handles, logs.health(), now())
  const problems = new Map(
    handles.flatMap((stage) => (stage.activity().sources ?? []).map(({ name, problem }) => [name, problem])),
  )
  /** Whoever calls is known here, and may read what the log of the process says. */
  const withProblems = (sources: NonNullable<StageHealth['sources']>) =>
    Object.fromEntries(
      Object.entries(sources).map(([name, source]) => {
        const problem = problems.get(name)
        return [name, { ...source, ...(problem !== undefined && { problem }) }]
      }),
    )
  return {
    ready: report.ready,
    stages: Object.entries(report.stages).map(([name, stage]) => ({
      ...{ ...stage, name, troubles: [...stage.troubles], alarms: [...stage.alarms] },
      sources: stage.sources && withProblems(stage.sources),
    })),
    log: report.log.kind,
  }
}

const stages = answer({
  ...{ id: 'listStages', method: 'GET', path: '/stages', access: 'figures' },
  summary: 'the stages of this process, and whether their work moves',
  input: z.object({}),
  output: z.object({ ready: z.boolean(), stages: z.array(stageSchema), log: z.enum(['well', 'broken', 'stalled']) }),
  run: (call) => Promise.resolve(stagesOf(call)),
})

const stageNamed = (call: Call, name: string): StageHandle => {
  const found = call.stages().find((stage) => stage.name === name)
  if (found !== undefined) return found
  const names = call.stages().map((stage) => stage.name)
  throw new ProblemError('not-found', `this process has no stage ${name}; it has ${names.join(', ') || 'none'}`)
}

const stateOf = (call: Call, name: string) => {
  const found = stagesOf(call).stages.find((stage) => stage.name === name)
  if (found === undefined) throw new ProblemError('not-found', `the stage ${name} is gone`)
  return found
}

const stageInput = z.object({ stage: z.string(), why: z.string().min(1).max(500).optional() })

const pause = answer({
  ...{ id: 'pauseStage', method: 'POST', path: '/stages/{stage}/pause', access: 'change' },
  summary: 'let a stage of this process finish its batch and hold; it keeps its place and its lock',
  input: stageInput,
  output: stageSchema,
  run: async (call, { stage }) => {
    await stageNamed(call, stage).pause()
    return stateOf(call, stage)
  },
})

const resume = answer({
  ...{ id: 'resumeStage', method: 'POST', path: '/stages/{stage}/resume', access: 'change' },
  summary: 'let a paused stage go on',
  input: stageInput,
  output: stageSchema,
  run: (call, { stage }) => {
    stageNamed(call, stage).resume()
    return Promise.resolve(stateOf(call, stage))
  },
})

const clock = answer({
  ...{ id: 'showClock', method: 'GET', path: '/clock', access: 'figures' },
  summary: 'how far the clock of the log has come, and where it jumped',
  input: z.object({}),
  output: z.object({
    ...{ frontier: at.nullable(), now: at, lastNotAfterNow: at.nullable(), ticks: z.int(), takeBacks: z.int() },
    jumps: z.array(z.object({ from: at, to: at, revision: z.int() })),
  }),
  run: async ({ logs, tenant, config, now }) => {
    const moment = now()
    const { jumpMaxMs } = config.clock
    const report = await clockReport(await logs.raw('reader'), tenant, { now: moment, jumpMaxMs })
    const { frontier, lastNotAfterNow, ticks, takeBacks, jumps } = report
    return {
      ...{ now: isoOf(moment), ticks, takeBacks },
      frontier: frontier === undefined ? null : isoOf(frontier),
      lastNotAfterNow: lastNotAfterNow === undefined ? null : isoOf(lastNotAfterNow),
      jumps: jumps.map(({ from, to, revision }) => ({ from: isoOf(from), to: isoOf(to), revision })),
    }
  },
})

export const statusOperations: readonly Operation[] = [stages, pause, resume, clock]
