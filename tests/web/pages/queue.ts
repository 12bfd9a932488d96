import { Queue } from "@fairground/queue";

const queue = await Queue.open<{ n: number }>("test-queue");
let up = false;
const sent: number[] = [];
const seen: number[] = [];
queue.observe((count) => seen.push(count));
const send = async (records: { id: string; body: { n: number } }[]) => {
  if (!up) throw new Error("down");
  sent.push(...records.map(({ body }) => body.n));
  return records.map(({ id }) => id);
};
Object.assign(window, { queue, send, sent, seen, setUp: (value: boolean) => (up = value) });
document.body.dataset.ready = "1";
