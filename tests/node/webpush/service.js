// The push service of web-push-testing, on loopback alone: by itself it binds every address of the machine.
// Prints the port that it listens on, and then, a line each, the headers of every push.
"use strict";

const PushApiModel = require("web-push-testing/src/PushApiModel.js").PushApiModel;
const Service = require("web-push-testing/src/server.js");

const model = new PushApiModel();
const service = new Service(model, 0);
const handler = service.handleNotification;
service.handleNotification = (request, response) => {
  const { ttl, urgency, topic } = request.headers;
  console.log(JSON.stringify({ ttl, urgency, topic }));
  return handler(request, response);
};
service.setRequestHandlers();
const listener = service._app.listen(0, "127.0.0.1", () => {
  const { port } = listener.address();
  model.notifyUrl = `http://127.0.0.1:${port}/notify/`;
  console.log(port);
});
