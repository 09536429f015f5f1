import { HOUR_MS, MINUTE_MS } from '../../domain/interval.js'

const PERIOD = /^P(?:(\d{1,3})D|T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)$/
const PERIOD_MAX_MS = 7 * 24 * HOUR_MS

export const PERIOD_RULE = 'an ISO 8601 period from PT1S to P7D, for example PT5M'

/** The period of so many ms, a whole number of seconds: what `periodMs` reads. */
export const periodText = (ms: number): string => {
  const [hours, minutes] = [Math.floor(ms / HOUR_MS), Math.floor((ms % HOUR_MS) / MINUTE_MS)]
  const seconds = (ms % MINUTE_MS) / 1_000
  return `PT${hours > 0 ? `${hours}H` : ''}${minutes > 0 ? `${minutes}M` : ''}${seconds > 0 ? `${seconds}S` : ''}`
}

/** Length in ms of an ISO 8601 period of days, or of hours, minutes and seconds; `undefined` if it is none. */
export const periodMs = (text: string): number | undefined => {
  const [, days = '0', hours = '0', minutes = '0', seconds = '0'] = PERIOD.exec(text) ?? []
  const ms = (Number(days) * 24 + Number(hours)) * HOUR_MS + Number(minutes) * MINUTE_MS + Number(seconds) * 1_000
  return ms > 0 && ms <= PERIOD_MAX_MS ? ms : undefined
}
