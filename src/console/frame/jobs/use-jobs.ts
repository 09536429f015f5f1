import { useEffect } from 'preact/hooks'
import { useConsole } from '../console.js'
import { isAtWork, type Job } from './jobs.js'
import { useAnswer, type Asked } from '../asking/use-answer.js'

const WORKING_MS = 2_000
const QUIET_MS = 10_000

/** The jobs that this session may see, newest first: asked for again and again, more often while one is at work. */
export const useJobs = (): Asked<readonly Job[]> => {
  const { api } = useConsole()
  const asked = useAnswer('jobs', async () => {
    const answer = await api.call<Readonly<{ items: readonly Job[] }>>('GET', '/jobs')
    return answer.ok ? { ok: true, value: answer.value.items } : answer
  })
  const isBusy = asked.value?.some(isAtWork) ?? false
  useEffect(() => {
    const timer = setInterval(asked.reload, isBusy ? WORKING_MS : QUIET_MS)
    return () => clearInterval(timer)
  }, [isBusy, asked.reload])
  return asked
}
