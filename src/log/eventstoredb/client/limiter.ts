export type Limiter = Readonly<{
  /** Resolves once there is room, with the function that gives the room back. */
  enter: (weight: number) => Promise<() => void>
}>

/** Admits as many at a time as fit, first come first served. One that exceeds the weight alone is admitted alone. */
export const limiter = (countMax: number, weightMax: number): Limiter => {
  let [count, weight] = [0, 0]
  const waiting: Readonly<{ weight: number; go: () => void }>[] = []
  const fits = (more: number): boolean => count === 0 || (count < countMax && weight + more <= weightMax)
  const admit = (): void => {
    for (let next = waiting[0]; next !== undefined && fits(next.weight); next = waiting[0]) {
      waiting.shift()
      count += 1
      weight += next.weight
      next.go()
    }
  }
  return {
    enter: (more) =>
      new Promise((resolve) => {
        const leave = (): void => {
          count -= 1
          weight -= more
          admit()
        }
        waiting.push({ weight: more, go: () => resolve(leave) })
        admit()
      }),
  }
}
