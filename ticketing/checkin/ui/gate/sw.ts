import { keepOffline } from "@fairground/offline";

keepOffline({
  app: "gate",
  pages: ["/gate/", "/gate/count"],
  assets: [
    ...["site.css", "checkin-gate.css", "checkin-gate.js", "zxing_reader.wasm", "zxing_writer.wasm"],
    ...["checkin-counting.css", "checkin-counting.js"],
  ],
});
