// A screen that stays on while there is work at it.

/** Keep the screen on until the returned function is called; without support nothing happens. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | undefined;
  let ended = false;
  const take = (): void => {
    const wakeLock = (navigator as Partial<Navigator>).wakeLock;
    if (!wakeLock || ended || document.hidden) return;
    wakeLock.request("screen").then(
      (granted) => {
        if (ended) void granted.release();
        else lock = granted;
      },
      () => undefined, // low battery: the system says no, and scanning goes on
    );
  };
  document.addEventListener("visibilitychange", take);
  take();
  return () => {
    ended = true;
    document.removeEventListener("visibilitychange", take);
    void lock?.release();
  };
}
