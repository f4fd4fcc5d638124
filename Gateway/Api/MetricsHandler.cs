using Gateway.Http;
using Gateway.Telemetry;

namespace Gateway.Api;

/// <summary><c>/metrics</c>: every instrument in Prometheus text. Open like <c>/health</c>: it holds counts, no names and no contents.</summary>
internal sealed class MetricsHandler(MetricCollector metrics)
{
    public HttpRoute Route => new("GET", "/metrics", HandleAsync, "metrics")
    {
        Needs = RouteNeeds.Public,
        Document = new RouteDocument("Every measurement, for Prometheus") { AnswerType = "text/plain" },
    };

    public Task HandleAsync(Exchange exchange)
    {
        var text = System.Text.Encoding.UTF8.GetBytes(PrometheusText.Write(metrics.Collect()));
        exchange.Response.ContentType = PrometheusText.ContentType;
        exchange.Response.ContentLength = text.Length;
        return exchange.Response.Body.WriteAsync(text, exchange.Aborted).AsTask();
    }
}
