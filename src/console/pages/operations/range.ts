import { instantIn } from '../../format/instant.js'

/** As the fields have it: local times, or nothing. */
export type LocalRange = Readonly<{ from: string; to: string }>

/** A range in a zone, as the API takes it; an end that is not filled in is left out. */
export const rangeIn = ({ from, to }: LocalRange, zone: string): Readonly<{ from?: string; to?: string }> => {
  const [fromMs, toMs] = [instantIn(from, zone), instantIn(to, zone)]
  return {
    ...(fromMs !== undefined && { from: new Date(fromMs).toISOString() }),
    ...(toMs !== undefined && { to: new Date(toMs).toISOString() }),
  }
}
