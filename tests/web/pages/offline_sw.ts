import { keepOffline } from "@fairground/offline";

keepOffline({ app: "test", pages: ["/app/"], assets: ["offline.js"] });
